"""Live frames, answered by the model that serves, are also asked of the one that is to take its place.

frame that was answered --> asked of the other, if lanes are idle --> Compared --check--> as it should
                                                                               LoadFailed
"""

import asyncio
from dataclasses import dataclass
from time import monotonic

from roadsight_models.errors import LoadFailed
from roadsight_models.judgement import Judgement
from roadsight_service.loading.relay import Heard, Relay, is_ours
from roadsight_service.loading.trial import Trial
from roadsight_service.metrics import Clock
from roadsight_service.room import Ask, Room, Seen

WAIT_S = 60.0  # for the frames of a comparison
ANSWER_S = 10.0  # for one of them


@dataclass(frozen=True)
class Compared:
    """How two models answered the same frames."""

    frames: int
    failed: int  # of them, by the new model
    regions: int
    differing: int  # of them: another first label, or a failure of the new model

    @property
    def disagreement(self) -> float:
        """The share of regions that differ."""
        return self.differing / self.regions if self.regions else 0.0

    def check(self, trial: Trial, max_errors: int) -> None:
        """Passes a model that answered as it should.

        Raises:
            LoadFailed: too few frames came, it failed too often, or answered too differently.
        """
        if self.frames < trial.shadow_frames:
            why = f"{self.frames} of {trial.shadow_frames} frames could be compared within {WAIT_S:.0f} s"
            raise LoadFailed("too_few_frames", why)
        if self.failed == self.frames or self.failed > max_errors:
            raise LoadFailed("too_many_errors", f"it failed on {self.failed} of {self.frames} live frames")
        if self.disagreement > trial.max_disagreement:
            why = f"{self.differing} of {self.regions} regions of live frames get another first label"
            raise LoadFailed("disagreement", why)


class Shadow:
    """One frame at a time, and none while live ones need the lanes; the others pass by."""

    def __init__(self, relay: Relay, room: Room, task: str, frames: int) -> None:
        """Begins.

        Args:
            relay: has the room that serves, whose answers these are compared with.
            room: has the new model.
            task: whose answers are compared.
            frames: how many of them.
        """
        self._relay, self._room, self._task, self._wanted = relay, room, task, frames
        self._frames = self._failed = self._regions = self._differing = 0
        self._asking: asyncio.Task[None] | None = None
        self._is_done = asyncio.Event()

    async def compared(self) -> Compared:
        """Waits for the frames, not for ever; what was compared by then."""
        try:
            with self._relay.heard_by(self._offer):
                await asyncio.wait_for(self._is_done.wait(), WAIT_S)
        except TimeoutError:
            pass
        finally:
            if self._asking is not None:
                self._asking.cancel()
        return Compared(self._frames, self._failed, self._regions, self._differing)

    def _offer(self, heard: Heard) -> None:
        """Takes a frame that was answered, if it can be asked of the other model now."""
        if not isinstance(heard.said, Seen) or not isinstance(heard.ask, Ask):
            return
        if heard.room is not self._relay.room or self._task not in heard.tasks:
            return
        if self._asking is None and not self._is_done.is_set() and not self._relay.is_busy:
            column = heard.tasks.index(self._task)
            said = [_first(row[column]) for row in heard.said.judgements]
            self._asking = asyncio.ensure_future(self._ask(heard.body, heard.ask, said))

    async def _ask(self, body: bytes, ask: Ask, said: list[str]) -> None:
        # Of no stream: it takes no live frame's place there, and none its own.
        same = ask._replace(deadline=monotonic() + ANSWER_S, top=1, suspicion=False, stream=None)
        try:
            other = await self._room.look(body, same, (self._task,), Clock())
            labels = [_first(row[0]) for row in other.judgements]
        except Exception as error:
            if not is_ours(error):  # it was too late, say: that tells nothing of the model
                return
            self._failed += 1
            labels = [""] * len(said)
        finally:
            self._asking = None
        self._frames += 1
        self._regions += len(said)
        self._differing += sum(one != other for one, other in zip(said, labels, strict=True))
        if self._frames == self._wanted:
            self._is_done.set()


async def keep_comparing(relay: Relay, room: Room, task: str, trial: Trial, max_errors: int) -> None:
    """Compares as many frames as a trial wants again and again; where too few come, that is no fault.

    Raises:
        LoadFailed: as `Compared.check` does.
    """
    while trial.shadow_frames:
        compared = await Shadow(relay, room, task, trial.shadow_frames).compared()
        if compared.frames == trial.shadow_frames:
            compared.check(trial, max_errors)


def _first(judgement: Judgement) -> str:
    return judgement.predictions[0].label if judgement.predictions else judgement.status
