"""The folder of all bundles is looked at now and then: a newer version of what serves is loaded, as through HTTP.

bundles --look--> versions above those that serve --new, or changed since it failed--> Loader
BadParameter: the models of this service can't be changed

Bundles that ROADSIGHT_MODELS names with a version are left alone. A folder is no version until it has a manifest.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from roadsight_models import bundle
from roadsight_models.errors import BadParameter, LoadFailed, LoadInProgress, RoadsightError
from roadsight_service.loading.loader import Loader
from roadsight_service.loading.relay import Relay
from roadsight_service.served import Model
from roadsight_service.settings import Settings

log = logging.getLogger(__name__)
Stamp = tuple[tuple[str, int, int], ...]  # name, bytes and time of change of each file


@asynccontextmanager
async def looking(relay: Relay, settings: Settings, loader: Loader) -> AsyncIterator[None]:
    """Looks until the block ends, if the settings want it.

    Raises:
        BadParameter: they do, but the models of this service can't be changed.
    """
    if not settings.watch_seconds:
        yield
        return
    if loader.fixed is not None:
        raise BadParameter("ROADSIGHT_WATCH_SECONDS", f"no model can be loaded: {loader.fixed}")
    looks = asyncio.ensure_future(Lookout(relay, settings, loader).look_out())
    try:
        yield
    finally:
        looks.cancel()
        with suppress(asyncio.CancelledError):
            await looks


class Lookout:
    """What was seen of the folder."""

    def __init__(self, relay: Relay, settings: Settings, loader: Loader) -> None:
        self._relay, self._settings, self._loader = relay, settings, loader
        self._pinned = {name for name, _, version in (each.partition("@") for each in settings.models) if version}
        self._known: dict[Path, Stamp] = {}  # what is not new: it was loaded, refused, or is below what serves

    async def look_out(self) -> None:
        """Looks at once, and then every so many seconds."""
        while True:
            try:
                await self._look()
            except Exception:  # a folder that can't be read now may be read next time
                log.exception("%s could not be looked at", self._settings.bundles)
            await asyncio.sleep(self._settings.watch_seconds)

    async def _look(self) -> None:
        for task, model in tuple(self._relay.models.items()):
            if model.manifest.name not in self._pinned:
                found = await asyncio.to_thread(self._newest, model)
                if found is not None:
                    await self._load(task, *found)

    async def _load(self, task: str, folder: Path, stamp: Stamp) -> None:
        log.info("%s is new", folder)
        try:
            await self._loader.load(task, _name(folder), self._settings.watch_trial)
        except LoadInProgress:
            return  # its turn comes
        except RoadsightError as error:  # the loader has logged and counted it
            if isinstance(error, LoadFailed) and error.reason == "too_few_frames":
                stamp = ()  # that tells nothing of the version: it is tried again
        self._known[folder] = stamp

    def _newest(self, serves: Model) -> tuple[Path, Stamp] | None:
        """The highest version above the one that serves, if it is new."""
        newest = None
        for folder in bundle.versions(self._settings.bundles).get(serves.manifest.name, ()):
            stamp = _stamp(folder)
            if bundle.number(folder.name) <= bundle.number(serves.manifest.version):
                self._known[folder] = stamp
            elif folder not in self._known and _name(folder) in self._loader.asked:
                self._known[folder] = stamp  # somebody else has seen to it
            elif self._known.get(folder) != stamp:
                newest = folder, stamp
        return newest


def _name(folder: Path) -> str:
    return f"{folder.parent.name}@{folder.name}"


def _stamp(folder: Path) -> Stamp:
    files = ((path.name, path.stat()) for path in sorted(folder.iterdir()) if path.exists())  # links may lead nowhere
    return tuple((name, found.st_size, found.st_mtime_ns) for name, found in files)
