"""Which bundle is meant.

settings, what serves, `name@version`, `name` or nothing --choose--> the bundle as settings name it
                                                             UnknownBundle, BadParameter, BadBundle
"""

from pathlib import Path

from roadsight_models import bundle
from roadsight_models.errors import BadParameter, UnknownBundle
from roadsight_service.served import Model
from roadsight_service.settings import Settings


def choose(settings: Settings, serves: Model, wanted: str | None) -> str:
    """Finds the bundle.

    Args:
        settings: say where bundles are, and with ROADSIGHT_MODELS which version of one is meant by its name.
        serves: the model of the task.
        wanted: the newest version where it names none; of the bundle that serves where it names nothing.

    Returns:
        `name@version`.

    Raises:
        UnknownBundle: there is none.
        BadParameter: it is for another task.
        BadBundle: its manifest can't be read.
    """
    name, _, version = (wanted or serves.manifest.name).partition("@")
    if not version:
        version = _newest(settings, name)
    folder = settings.bundles / name / version
    if not version or not folder.is_dir():
        raise UnknownBundle(f"no bundle {name!r} {version or 'in any version'}; there are: {_there(settings.bundles)}")
    task = bundle.read_manifest(folder).task
    if task != serves.manifest.task:
        raise BadParameter("bundle", f"{name} {version} is for task {task!r}, not {serves.manifest.task!r}")
    return f"{name}@{version}"


def _newest(settings: Settings, name: str) -> str:
    pinned = [version for one, _, version in (each.partition("@") for each in settings.models) if one == name]
    if pinned and pinned[0]:
        return pinned[0]
    newest = bundle.latest(settings.bundles)
    return newest[name].name if name in newest else ""


def _there(root: Path) -> str:
    found = sorted(f"{path.parent.parent.name}@{path.parent.name}" for path in root.glob(f"*/*/{bundle.MANIFEST}"))
    return ", ".join(found[:40]) or "none"
