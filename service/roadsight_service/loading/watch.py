"""A model that has just been loaded is watched, and the room before it kept warm for that time.

Room --canary--> a share of the cameras --time is up, or promoted--> serves --time is up--> the room before ends
     frames that fail by our fault, or differ: more than may --> the room before serves alone again
"""

import asyncio
import logging
from contextlib import suppress

from roadsight_models.errors import LoadFailed
from roadsight_service.loading.metrics import LoadMetrics
from roadsight_service.loading.relay import Heard, Relay, is_ours
from roadsight_service.loading.shadow import keep_comparing
from roadsight_service.loading.trial import CANARY_S, Trial
from roadsight_service.metrics import Metrics
from roadsight_service.room import Room
from roadsight_service.served import Model, bundle_name
from roadsight_service.settings import Settings

log = logging.getLogger(__name__)


class Watch:
    """From the moment that a room answers its first frame, until it or the one before has ended."""

    def __init__(self, relay: Relay, task: str, settings: Settings, metrics: Metrics, loads: LoadMetrics) -> None:
        self.task = task
        self._relay, self._settings, self._metrics, self._loads = relay, settings, metrics, loads
        self._failures = 0
        self._is_whole, self._is_over = asyncio.Event(), asyncio.Event()  # the new room serves; one of them is to end

    def begin(self, room: Room, trial: Trial) -> None:
        """Lets the room serve from the next frame on, or its share of the cameras."""
        self._before, self._after, self._trial = self._relay.room, room, trial
        if trial.canary is None:
            self.promote()
        else:
            self._relay.serve(self._before, room, trial.canary)
            self._metrics.models.watch(self._before.models, room.models)
            self._loads.begin_canary(self.task, trial.canary, (self.before, self.after))
            self._loads.count(self.task, "canary")
            log.warning("%s", self)
        self._ending = asyncio.ensure_future(self._end())

    @property
    def before(self) -> Model:
        """What served the task."""
        return self._before.models[self.task]

    @property
    def after(self) -> Model:
        """What is watched."""
        return self._after.models[self.task]

    @property
    def is_canary(self) -> bool:
        """Whether it has a share of the cameras only."""
        return not self._is_whole.is_set()

    @property
    def can_go_back(self) -> bool:
        """Whether the room before could serve alone at once."""
        return not self._is_over.is_set() and self._before.is_ready

    @property
    def is_done(self) -> bool:
        """Whether there is one room only, again."""
        return self._ending.done()

    def __str__(self) -> str:
        name = bundle_name(self.after)
        if self.is_canary:
            return f"{name} answers {self._relay.share:.3g} of the cameras for task {self.task}"
        if self._is_over.is_set():
            return f"the version beside {bundle_name(self._relay.models[self.task])} answers its last frames"
        return f"{name} is watched"

    def promote(self) -> None:
        """Lets the new room serve all cameras, from the next frame on."""
        self._is_whole.set()
        self._failures = 0
        self._loads.count(self.task, "loaded")
        self._serve(self._after, self._before)

    def go_back(self) -> None:
        """Lets the room before serve alone, from the next frame on; the other one ends."""
        self._is_over.set()
        self._is_whole.set()
        self._loads.count(self.task, "rolled_back")
        self._serve(self._before, None)

    async def close(self) -> None:
        """Ends the room that does not serve, now."""
        self._ending.cancel()
        with suppress(asyncio.CancelledError):
            await self._ending
        await self._idle.close(0)

    @property
    def _idle(self) -> Room:
        return self._before if self._relay.room is self._after else self._after

    def _serve(self, room: Room, beside: Room | None) -> None:
        self._relay.serve(room, beside)
        self._metrics.models.watch(room.models)
        self._loads.end_canary(self.task)
        log.warning("%s serves task %s now", bundle_name(room.models[self.task]), self.task)

    def _hear(self, heard: Heard) -> None:
        if self.is_canary:
            self._loads.heard(self.task, heard)
        if heard.room is self._after and isinstance(heard.said, Exception) and is_ours(heard.said):
            self._failures += 1
            if self._failures > self._settings.load_max_errors and self.can_go_back:
                log.error("%d frames failed since it was loaded: back to the version before", self._failures)
                self.go_back()

    async def _end(self) -> None:
        with self._relay.heard_by(self._hear):
            if self.is_canary:
                await self._canary(self._trial)
            await _within(self._settings.load_watch_seconds, self._is_over)
        self._is_over.set()
        self._relay.serve(self._relay.room)
        # By then each of its frames was told something.
        await self._idle.close(self._settings.max_deadline_ms / 1e3, beside=True)

    async def _canary(self, trial: Trial) -> None:
        comparing = asyncio.ensure_future(self._compare(trial))
        try:
            await _within(trial.canary_seconds or CANARY_S, self._is_whole)
        finally:
            comparing.cancel()
        if self.is_canary:
            self.promote()

    async def _compare(self, trial: Trial) -> None:
        while not self._is_over.is_set():
            try:
                return await keep_comparing(self._relay, self._after, self.task, trial, self._settings.load_max_errors)
            except LoadFailed as error:
                if self.can_go_back:  # else the next comparison says it again
                    log.error("%s: back to the version before", error)
                    self.go_back()


async def _within(seconds: float, event: asyncio.Event) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
