"""The machine room that serves now, and while models are changed another one beside it, which is warm, too.

body, Ask --room_for--> the room that serves, or the one beside: its share of cameras, and who asks for its version
          --look--> Seen, or an error --Heard--> listeners
crops, Batch --infer--> the room that serves --> Inferred, or an error --Heard--> listeners
another room --serve--> serves from the next frame on; a frame stays to its end in the room that it was put into
"""

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from time import perf_counter
from typing import Any, NamedTuple, TypeVar

from roadsight_models.errors import RoadsightError, UnknownTask, UnknownVersion
from roadsight_service.metrics import Clock
from roadsight_service.robustness.question import Finding, Question
from roadsight_service.room import Ask, Batch, Inferred, Room, Seen, Superseded
from roadsight_service.served import Models, select

Said = TypeVar("Said", Seen, Inferred)


class Heard(NamedTuple):
    """A frame, or a batch of crops, that was answered or failed."""

    room: Room
    body: bytes
    ask: Ask | Batch
    tasks: tuple[str, ...]
    seconds: float
    said: Seen | Inferred | Exception


Listener = Callable[[Heard], None]


def is_ours(error: Exception) -> bool:
    """Whether a frame failed by our fault: the model's, or its process's."""
    if isinstance(error, Superseded):
        return False
    return not isinstance(error, RoadsightError) or error.status == RoadsightError.status


class Relay:
    """A `Room` that is another one, which may change."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.beside: Room | None = None
        self.share = 0.0  # of the cameras, whose frames the room beside answers
        self._listeners: list[Listener] = []

    @property
    def models(self) -> Models:
        """What serves, by task."""
        return self.room.models

    def __len__(self) -> int:
        """How many frames wait."""
        return len(self.room) + (0 if self.beside is None else len(self.beside))

    @property
    def is_busy(self) -> bool:
        """Whether frames wait, or every lane of a room is at work."""
        return self.room.is_busy or (self.beside is not None and self.beside.is_busy)

    @property
    def has_time(self) -> bool:
        """Whether both rooms have; see `Room`."""
        return self.room.has_time and (self.beside is None or self.beside.has_time)

    @property
    def is_ready(self) -> bool:
        """Whether there are lanes."""
        return self.room.is_ready

    def check(self, camera: str, deadline: float) -> None:
        """Raises QueueFull if an answer to a frame of one crop that came now would be too late."""
        self._side(camera).check(camera, deadline)

    def serve(self, room: Room, beside: Room | None = None, share: float = 0.0) -> None:
        """Lets a room serve from the next frame on.

        Args:
            room: was started.
            beside: another one that was; answers who asks for a version that it alone has.
            share: of the cameras that it answers, too: always the same ones.
        """
        self.room, self.beside, self.share = room, beside, share

    def room_for(self, ask: Ask) -> Room:
        """The room that answers a frame."""
        if self.beside is None:
            return self.room
        if ask.version is None:
            return self._side(ask.camera)
        return self.beside if _has(self.beside, ask) and not _has(self.room, ask) else self.room

    @contextmanager
    def heard_by(self, listener: Listener) -> Iterator[None]:
        """Tells somebody of each frame that is answered, or fails, until the block ends."""
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)

    async def look(self, body: bytes, ask: Ask, tasks: tuple[str, ...], clock: Clock) -> Seen:
        """See `Room`. Who asked `room_for` in the same step of the event loop is answered by that."""
        room = self.room_for(ask)
        return await self._told(room, body, ask, tasks, room.look(body, ask, tasks, clock))

    async def infer(self, crops: bytes, batch: Batch, clock: Clock) -> Inferred:
        """See `Room`. Crops know no camera, and no version but the one that serves."""
        return await self._told(self.room, crops, batch, (batch.task,), self.room.infer(crops, batch, clock))

    async def examine(self, body: bytes, question: Question, clock: Clock, is_busy: Callable[[], bool]) -> Finding:
        """See `Room`. A check ends in the room where it was begun."""
        return await self.room.examine(body, question, clock, is_busy)

    async def start(self) -> None:
        """Begins to take frames."""
        await self.room.start()

    async def close(self, within_s: float, beside: bool = False) -> None:
        """See `Room`."""
        await self.room.close(within_s, beside)

    async def _told(
        self, room: Room, body: bytes, ask: Ask | Batch, tasks: tuple[str, ...], work: Coroutine[Any, Any, Said]
    ) -> Said:
        """What the room says, told to listeners, too."""
        start = perf_counter()
        said: Said | Exception | None = None  # stays so where nobody waits any more
        try:
            said = await work
            return said
        except Exception as error:
            said = error
            raise
        finally:
            if said is not None:
                for listener in self._listeners:
                    listener(Heard(room, body, ask, tasks, perf_counter() - start, said))

    def _side(self, camera: str) -> Room:
        if self.beside is None or not self.share:
            return self.room
        place = int.from_bytes(blake2b(camera.encode(), digest_size=8).digest()) / 2**64
        return self.beside if place < self.share else self.room


def _has(room: Room, ask: Ask) -> bool:
    try:
        select(room.models, ask.tasks, ask.version)
    except (UnknownTask, UnknownVersion):
        return False
    return True
