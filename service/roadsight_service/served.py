"""What is known of the models that serve, wherever they run.

tasks, version --select--> what serves them
               UnknownTask, UnknownVersion
session --told--> JSON, from one process to another --heard--> Served
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from roadsight_models.errors import UnknownTask, UnknownVersion
from roadsight_models.manifest import Manifest, PrecisionName


class Model(Protocol):
    """A model that serves: a session, or what another process says of one."""

    @property
    def manifest(self) -> Manifest:
        """What its bundle says of it."""

    @property
    def precision(self) -> PrecisionName:
        """The number format that it is computed in."""

    @property
    def provider(self) -> str:
        """What it runs on: cpu, cuda or tensorrt."""

    @property
    def fallback(self) -> str | None:
        """Why `auto` runs on the CPU; None where it does not."""

    @property
    def without_graphs(self) -> str | None:
        """Why a GPU runs it without CUDA graphs; None where it has them, and on a CPU."""


Models = Mapping[str, Model]  # by task

Kind = TypeVar("Kind", bound=Model)


@dataclass(frozen=True)
class Served:
    """What another process says of its session."""

    manifest: Manifest
    precision: PrecisionName
    provider: str
    fallback: str | None
    without_graphs: str | None


def told(model: Model) -> dict[str, object]:
    """What one process says of a session, as JSON has it."""
    return {
        "manifest": model.manifest.model_dump(mode="json"),
        "precision": model.precision,
        "provider": model.provider,
        "fallback": model.fallback,
        "without_graphs": model.without_graphs,
    }


def heard(said: Mapping[str, Any]) -> Served:
    """What another hears."""
    return Served(**{**said, "manifest": Manifest.model_validate(said["manifest"])})


def bundle_name(model: Model) -> str:
    """Which bundle it is of, as settings name it: `name@version`."""
    return f"{model.manifest.name}@{model.manifest.version}"


def select(models: Mapping[str, Kind], tasks: tuple[str, ...], version: str | None) -> tuple[Kind, ...]:
    """The models a client asks for; all of them if it names no task.

    Raises:
        UnknownTask: nothing serves one of the tasks.
        UnknownVersion: a task is served by another version.
    """
    for task in tasks:
        if task not in models:
            raise UnknownTask(task, tuple(models))
    chosen = tuple(models[task] for task in dict.fromkeys(tasks or models))
    for model in chosen:
        if version is not None and model.manifest.version != version:
            raise UnknownVersion(model.manifest.task, version, model.manifest.version)
    return chosen
