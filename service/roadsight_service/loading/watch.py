"""A model that has just been loaded is watched, and the room before it kept warm for that time.

Room --serves--> frames that fail by our fault --more than may--> the room before serves again
                 time is up                                   --> the room before ends
"""

import asyncio
import logging
from contextlib import suppress

from roadsight_service.loading.metrics import LoadMetrics
from roadsight_service.loading.relay import Relay
from roadsight_service.metrics import Metrics
from roadsight_service.room import Room
from roadsight_service.served import bundle_name
from roadsight_service.settings import Settings

log = logging.getLogger(__name__)


class Watch:
    """From the moment that a room takes the place of another, until one of them has ended."""

    def __init__(self, relay: Relay, task: str, settings: Settings, metrics: Metrics, loads: LoadMetrics) -> None:
        self.task = task
        self._relay, self._settings, self._metrics, self._loads = relay, settings, metrics, loads
        self._failures = 0
        self._is_over = asyncio.Event()

    def begin(self, room: Room) -> None:
        """Lets the room serve from the next frame on."""
        self._spare = self._serve(room)
        self._loads.count(self.task, "loaded")
        self._relay.failed = self._failed
        self._ending = asyncio.ensure_future(self._end())

    @property
    def spare(self) -> str | None:
        """The bundle that could serve the task again at once; None once the time for that is over."""
        return None if self._is_over.is_set() else bundle_name(self._spare.models[self.task])

    @property
    def is_done(self) -> bool:
        """Whether there is one room only, again."""
        return self._ending.done()

    def __str__(self) -> str:
        now = bundle_name(self._relay.models[self.task])
        return f"the version before {now} answers its last frames" if self._is_over.is_set() else f"{now} is watched"

    def go_back(self) -> None:
        """Lets the room before serve again, from the next frame on; the other one ends."""
        self._is_over.set()
        self._relay.failed = None
        self._spare = self._serve(self._spare)
        self._loads.count(self.task, "rolled_back")

    async def close(self) -> None:
        """Ends the room that does not serve, now."""
        self._ending.cancel()
        with suppress(asyncio.CancelledError):
            await self._ending
        await self._spare.close(0)

    def _serve(self, room: Room) -> Room:
        self._metrics.models.watch(room.models)
        log.warning("%s serves task %s now", bundle_name(room.models[self.task]), self.task)
        return self._relay.replace(room)

    def _failed(self) -> None:
        self._failures += 1
        if self._failures > self._settings.load_max_errors:
            log.error("%d frames failed since it was loaded: back to the version before", self._failures)
            self.go_back()

    async def _end(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._is_over.wait(), self._settings.load_watch_seconds)
        self._is_over.set()
        self._relay.failed = None
        await self._spare.close(self._settings.max_deadline_ms / 1e3)  # by then each of its frames was told something
