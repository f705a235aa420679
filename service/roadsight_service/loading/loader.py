"""The way of a load, on one screen; knows no FastAPI.

task, bundle --choose--> settings --open_beside--> Room, warm --Shadow--> Compared --Watch--> it serves, or a share
LoadUnsupported, UnknownTask       LoadFailed                 LoadFailed
LoadInProgress, UnknownBundle

All of it runs on the event loop. One load at a time, so two rooms at most; both are there until the watch is over.
"""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from roadsight_models import errors
from roadsight_service.loading.beside import open_beside
from roadsight_service.loading.choice import choose
from roadsight_service.loading.metrics import LoadMetrics
from roadsight_service.loading.relay import Relay
from roadsight_service.loading.shadow import Compared, Shadow
from roadsight_service.loading.trial import Trial
from roadsight_service.loading.watch import Watch
from roadsight_service.metrics import Metrics
from roadsight_service.room import Room
from roadsight_service.served import Model, bundle_name, select
from roadsight_service.settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Loaded:
    """What answers frames of a task now, and what did before."""

    model: Model
    before: Model
    compared: Compared | None = None
    share: float = 1.0  # of the cameras


class Loader:
    """Changes the models behind a relay."""

    def __init__(
        self, relay: Relay, settings: Settings, metrics: Metrics, loads: LoadMetrics, fixed: str | None
    ) -> None:
        """Loads nothing yet.

        Args:
            relay: has the room that serves.
            settings: of that room.
            metrics: are told what serves.
            loads: are told how loads end.
            fixed: why nothing can be loaded; None if it can.
        """
        self._relay, self._settings, self._metrics, self._loads, self.fixed = relay, settings, metrics, loads, fixed
        self.asked = set[str]()  # the bundles that were to be loaded, as `name@version`
        self._loading: str | None = None
        self._watch: Watch | None = None
        loads.watch(relay.models)

    async def load(self, task: str, wanted: str | None, trial: Trial) -> Loaded:
        """Lets another bundle serve a task; while one is watched the way back, too, and a canary's on, which are short.

        Args:
            task: which.
            wanted: `name@version`; `name` for its newest version; None for the newest of what serves.
            trial: before it serves.

        Raises:
            LoadUnsupported: these models can't be changed.
            UnknownTask: nothing serves the task.
            LoadInProgress: another load has not come to its end.
            UnknownBundle, BadParameter: there is no such bundle, or it is for another task.
            LoadFailed: it can't be trusted, opened or tested, took too long, or answered too differently.
        """
        if self.fixed is not None:
            raise errors.LoadUnsupported(self.fixed)
        (before,) = select(self._relay.models, (task,), None)
        if (at_once := self._at_once(task, wanted, trial)) is not None:
            return at_once
        with self._alone(task, wanted or f"the newest {before.manifest.name}"):
            chosen = await asyncio.to_thread(choose, self._settings, before, wanted)
            if chosen == bundle_name(before):
                return Loaded(before, before)
            self.asked.add(chosen)
            room = await self._beside(task, chosen)
            try:
                compared = await self._compare(room, task, trial)
            except BaseException:
                # It may have frames of who asked for its version.
                await room.close(self._settings.drain_seconds, beside=True)
                raise
        self._watch = Watch(self._relay, task, self._settings, self._metrics, self._loads)
        self._watch.begin(room, trial)
        return Loaded(self._watch.after, before, compared, trial.canary or 1.0)

    async def close(self, within_s: float) -> None:
        """Ends the room that serves, as `Room` says, and the one that no longer does."""
        if self._watch is not None:
            await self._watch.close()
        await self._relay.close(within_s)

    def _at_once(self, task: str, wanted: str | None, trial: Trial) -> Loaded | None:
        """What takes one step: back from what is watched, or on with a canary."""
        watch = self._watch
        if watch is None or watch.task != task:
            return None
        if watch.can_go_back and wanted == bundle_name(watch.before):
            watch.go_back()
            return Loaded(watch.before, watch.after)
        if watch.is_canary and wanted == bundle_name(watch.after) and trial.canary is None:
            watch.promote()
            return Loaded(watch.after, watch.before)
        return None

    @contextmanager
    def _alone(self, task: str, what: str) -> Iterator[None]:
        if self._loading is not None:
            raise errors.LoadInProgress(f"{self._loading} is being loaded")
        if self._watch is not None and not self._watch.is_done:
            raise errors.LoadInProgress(str(self._watch))
        self._loading = what
        try:
            yield
        except errors.RoadsightError as error:
            self._loads.count(task, "failed")
            log.error("%s was not loaded: %s", what, error)
            if isinstance(error, errors.LoadFailed | errors.UnknownBundle | errors.BadParameter):
                raise
            raise errors.LoadFailed(error.code, str(error)) from error
        finally:
            self._loading = None

    async def _beside(self, task: str, chosen: str) -> Room:
        served = self._relay.models.items()
        names = tuple(chosen if each == task else bundle_name(model) for each, model in served)
        return await open_beside(self._relay, self._settings.model_copy(update={"models": names}), self._metrics)

    async def _compare(self, room: Room, task: str, trial: Trial) -> Compared | None:
        """Compares it with what serves; meanwhile it answers who asks for its version."""
        if not trial.shadow_frames:
            return None
        self._relay.serve(self._relay.room, room)
        try:
            compared = await Shadow(self._relay, room, task, trial.shadow_frames).compared()
            compared.check(trial, self._settings.load_max_errors)
        except BaseException:
            self._relay.serve(self._relay.room)
            raise
        return compared
