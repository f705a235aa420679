"""The folder of all bundles as the protocol's model repository.

index  --> every version of every bundle, and whether it serves
load   --Loader--> the newest version of a bundle serves its task
       UnknownBundle, UnknownTask, BadTensor, and what a load may end with
unload --> refused for what serves
       LoadUnsupported, UnknownBundle
"""

import asyncio
from collections.abc import Iterator
from itertools import chain

from roadsight_models import bundle
from roadsight_models.errors import LoadUnsupported, UnknownBundle
from roadsight_service.inference_protocol.asked import Parameters, check_names, read_flag
from roadsight_service.inference_protocol.faces import CAMERA, offered
from roadsight_service.loading.loader import Loader
from roadsight_service.loading.trial import Trial
from roadsight_service.room import Room
from roadsight_service.served import bundle_name
from roadsight_service.settings import Settings

READY, ELSEWHERE = "READY", "UNAVAILABLE"
DEPENDENTS = "unload_dependents"


class Repository:
    """What could serve, and what does."""

    def __init__(self, room: Room, loader: Loader, settings: Settings) -> None:
        self._room, self._loader, self._settings = room, loader, settings

    async def index(self, ready: bool) -> list[dict[str, str]]:
        """A `$repository_index_response`; with `ready` only of what serves."""
        return await asyncio.to_thread(lambda: list(self._index(ready)))

    def _index(self, ready: bool) -> Iterator[dict[str, str]]:
        serving = {bundle_name(model) for model in self._room.models.values()}
        for folder in chain.from_iterable(bundle.versions(self._settings.bundles).values()):
            name, version = folder.parent.name, folder.name
            is_ready = f"{name}@{version}" in serving
            if is_ready or not ready:
                state = {"version": version, "state": READY if is_ready else ELSEWHERE, "reason": ""}
                yield {"name": name} | state
                yield {"name": f"{name}{CAMERA}"} | state

    async def load(self, name: str, parameters: Parameters) -> None:
        """Lets the newest version of a bundle serve its task; does nothing if it does already.

        Args:
            name: of either of its models.
            parameters: none may be given.

        Raises:
            UnknownBundle: there is none.
            RoadsightError: see `Loader.load`.
        """
        check_names(parameters, (), "a load")
        faces = offered(self._room.models)
        if name in faces:
            await self._loader.load(faces[name].task, faces[name].model.manifest.name, Trial())
            return
        task, wanted = await asyncio.to_thread(self._task, name)
        await self._loader.load(task, wanted, Trial())

    async def unload(self, name: str, parameters: Parameters) -> None:
        """Does nothing for what does not serve; what serves can't be unloaded, only replaced.

        Args:
            name: of either of a bundle's models.
            parameters: `unload_dependents` changes nothing: no model depends on another.

        Raises:
            BadTensor: another parameter.
            LoadUnsupported: it serves.
            UnknownBundle: there is none.
        """
        check_names(parameters, (DEPENDENTS,), "an unload")
        read_flag(parameters, DEPENDENTS)
        if name in offered(self._room.models):
            raise LoadUnsupported(f"{name} serves, and no task is left without a model; load another one for it")
        await asyncio.to_thread(self._task, name)

    def _task(self, name: str) -> tuple[str, str]:
        """The task of a bundle on disk, and its name."""
        newest = bundle.latest(self._settings.bundles)
        for candidate in (name, name.removesuffix(CAMERA)):
            if candidate in newest:
                return bundle.read_manifest(newest[candidate]).task, candidate
        raise UnknownBundle(f"no bundle {name[:80]!r}; there are: {', '.join(sorted(newest)[:40]) or 'none'}")
