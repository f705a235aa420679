"""The machine room that serves now, in front of those that no longer do, or not yet.

body, Ask --look--> the room that serves at this moment --> Seen
another room --replace--> serves from the next frame on; frames of the room before stay there to their end
"""

from collections.abc import Callable

from roadsight_models.errors import RoadsightError
from roadsight_service.metrics import Clock
from roadsight_service.robustness.question import Finding, Question
from roadsight_service.room import Ask, Room, Seen, Superseded
from roadsight_service.served import Models

Overhear = Callable[[bytes, Ask, tuple[str, ...], Seen], None]


def is_ours(error: Exception) -> bool:
    """Whether a frame failed by our fault: the model's, or its process's."""
    if isinstance(error, Superseded):
        return False
    return not isinstance(error, RoadsightError) or error.status == RoadsightError.status


class Relay:
    """A `Room` that is another one, which may change."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.overhear: Overhear | None = None  # is told what is said of each frame
        self.failed: Callable[[], None] | None = None  # is told of each frame that fails by our fault

    @property
    def models(self) -> Models:
        """What serves, by task."""
        return self.room.models

    def __len__(self) -> int:
        """How many frames wait."""
        return len(self.room)

    @property
    def is_busy(self) -> bool:
        """Whether frames wait, or every lane is at work."""
        return self.room.is_busy

    @property
    def is_ready(self) -> bool:
        """Whether there are lanes."""
        return self.room.is_ready

    def check(self, camera: str, deadline: float) -> None:
        """Raises QueueFull if an answer to a frame of one crop that came now would be too late."""
        self.room.check(camera, deadline)

    def replace(self, room: Room) -> Room:
        """Lets another room, which was started, serve; gives the one that did."""
        before, self.room = self.room, room
        return before

    async def look(self, body: bytes, ask: Ask, tasks: tuple[str, ...], clock: Clock) -> Seen:
        """See `Room`. Who read `models` in the same step of the event loop is answered by these."""
        room = self.room
        try:
            seen = await room.look(body, ask, tasks, clock)
        except Exception as error:
            if self.failed is not None and room is self.room and is_ours(error):
                self.failed()
            raise
        if self.overhear is not None:
            self.overhear(body, ask, tasks, seen)
        return seen

    async def examine(self, body: bytes, question: Question, clock: Clock, is_busy: Callable[[], bool]) -> Finding:
        """See `Room`. A check ends in the room where it was begun."""
        return await self.room.examine(body, question, clock, is_busy)

    async def start(self) -> None:
        """Begins to take frames."""
        await self.room.start()

    async def close(self, within_s: float) -> None:
        """See `Room`."""
        await self.room.close(within_s)
