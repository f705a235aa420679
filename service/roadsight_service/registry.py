"""Which models serve: one bundle a task, warm before the first frame.

settings --choose--> folders --trusted--> as signed --load, open--> Registry (task -> Session)
         BadBundle           UntrustedBundle        BadBundle, ProviderMissing, PrecisionMissing, GoldenMismatch
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from roadsight_models import bundle
from roadsight_models.errors import BadBundle, BadParameter
from roadsight_models.gradient import GradientSession, open_gradient
from roadsight_models.runners import Gpu
from roadsight_models.session import Session, open_session
from roadsight_service.served import select
from roadsight_service.settings import Settings
from roadsight_service.trusted import trusted

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Registry:
    """The sessions that serve, by task, and where they are to be attacked what gives their gradients."""

    sessions: dict[str, Session]
    gradients: Mapping[str, GradientSession] = field(default_factory=dict)

    def select(self, tasks: tuple[str, ...], version: str | None) -> tuple[Session, ...]:
        """The sessions a client asks for; all of them if it names no task.

        Raises:
            UnknownTask: nothing serves one of the tasks.
            UnknownVersion: a task is served by another version.
        """
        return select(self.sessions, tasks, version)


def open_registry(settings: Settings) -> Registry:
    """Loads and warms every bundle that the settings choose.

    Raises:
        BadParameter: ROADSIGHT_MODELS names a bundle that is not there, or to check signatures a package is missing.
        UntrustedBundle: keys are trusted, and one of them did not sign it as it is.
        BadKey: a trusted key can't be read.
        BadBundle: none is there, one is damaged, or two serve the same task.
        ProviderMissing: the provider asked for is not there.
        PrecisionMissing: a bundle has no graph in the precision asked for.
        GoldenMismatch: a model, or its gradient, does not reproduce its golden logits.
    """
    sessions: dict[str, Session] = {}
    gradients: dict[str, GradientSession] = {}
    folders = _chosen(settings)
    gpu = _share(settings, len(folders))
    for folder in folders:
        log.info("opening and warming %s", folder)  # TensorRT may build engines now, minutes each
        with trusted(folder, settings.trusted_keys) as checked:
            session = open_session(bundle.load(checked), settings.provider, precision=settings.precision, gpu=gpu)
            task = session.manifest.task
            if task in sessions:
                raise BadBundle(folder, f"task {task!r} is served already; choose with ROADSIGHT_MODELS")
            sessions[task] = session
            if settings.robustness_enabled and (gradient := _gradient(session, settings)) is not None:
                gradients[task] = gradient
        _log(session)
    return Registry(sessions, gradients)


def _log(session: Session) -> None:
    manifest, where = session.manifest, (session.manifest.task, session.provider, session.precision)
    log.info("%s %s serves %s on %s in %s", manifest.name, manifest.version, *where)
    if session.fallback:
        log.warning("%s runs on the CPU: %s", manifest.name, session.fallback)


def _gradient(session: Session, settings: Settings) -> GradientSession | None:
    if session.bundle.gradient is None:
        log.warning("%s was published without a gradient: only black-box attacks can check it", session.manifest.task)
        return None
    return open_gradient(session.bundle, settings.provider)


def _share(settings: Settings, models: int) -> Gpu:
    """What each model may take of the GPU: the same."""
    memory = None if settings.gpu_memory_mb is None else (settings.gpu_memory_mb << 20) // models
    return Gpu(settings.batch_crops, memory, settings.engine_cache)


def _chosen(settings: Settings) -> list[Path]:
    newest = bundle.latest(settings.bundles)
    if not newest:
        raise BadBundle(settings.bundles, "no bundle here, <name>/<version>/manifest.json; set ROADSIGHT_BUNDLES")
    return [_folder(settings.bundles, wanted, newest) for wanted in settings.models or bundle.one_a_task(newest)]


def _folder(root: Path, wanted: str, newest: dict[str, Path]) -> Path:
    name, _, version = wanted.partition("@")
    if name not in newest:
        raise BadParameter("ROADSIGHT_MODELS", f"no bundle {name!r} in {root}; there are: {', '.join(newest)}")
    return root / name / version if version else newest[name]
