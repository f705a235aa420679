"""Live frames, answered by the model that serves, are also asked of the one that is to take its place.

frame that was answered --offer--> asked of the other, if lanes are idle --> how often its first label differs
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic

from roadsight_models.judgement import Judgement
from roadsight_service.loading.relay import is_ours
from roadsight_service.metrics import Clock
from roadsight_service.room import Ask, Room, Seen

WAIT_S = 60.0  # for the frames of a comparison
ANSWER_S = 10.0  # for one of them


@dataclass(frozen=True)
class Compared:
    """How two models answered the same frames."""

    frames: int
    regions: int
    differing: int  # of them: another first label, or a failure of the new model

    @property
    def disagreement(self) -> float:
        """The share of regions that differ."""
        return self.differing / self.regions if self.regions else 0.0


class Shadow:
    """One frame at a time, and none while live ones need the lanes; the others pass by."""

    def __init__(self, room: Room, task: str, frames: int, is_busy: Callable[[], bool]) -> None:
        """Begins.

        Args:
            room: serves the new model, and nobody else.
            task: whose answers are compared.
            frames: how many of them.
            is_busy: whether live frames need the lanes.
        """
        self._room, self._task, self._wanted, self._is_busy = room, task, frames, is_busy
        self._frames = self._regions = self._differing = 0
        self._asking: asyncio.Task[None] | None = None
        self._is_done = asyncio.Event()

    def offer(self, body: bytes, ask: Ask, tasks: tuple[str, ...], seen: Seen) -> None:
        """Takes a frame that was answered, if it can be asked of the other model now."""
        if self._task in tasks and self._asking is None and not self._is_done.is_set() and not self._is_busy():
            column = tasks.index(self._task)
            said = [_first(row[column]) for row in seen.judgements]
            self._asking = asyncio.ensure_future(self._ask(body, ask, said))

    async def compared(self) -> Compared:
        """Waits for the frames, not for ever; what was compared by then."""
        try:
            await asyncio.wait_for(self._is_done.wait(), WAIT_S)
        except TimeoutError:
            self._is_done.set()
        finally:
            if self._asking is not None:
                self._asking.cancel()
        return Compared(self._frames, self._regions, self._differing)

    async def _ask(self, body: bytes, ask: Ask, said: list[str]) -> None:
        same = replace(ask, deadline=monotonic() + ANSWER_S, top=1, suspicion=False)
        try:
            other = await self._room.look(body, same, (self._task,), Clock())
            labels = [_first(row[0]) for row in other.judgements]
        except Exception as error:
            if not is_ours(error):  # it was too late, say: that tells nothing of the model
                return
            labels = [""] * len(said)
        finally:
            self._asking = None
        self._frames += 1
        self._regions += len(said)
        self._differing += sum(one != other for one, other in zip(said, labels, strict=True))
        if self._frames == self._wanted:
            self._is_done.set()


def _first(judgement: Judgement) -> str:
    return judgement.predictions[0].label if judgement.predictions else judgement.status
