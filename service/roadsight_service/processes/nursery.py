"""What the zygote's children are made of: the models themselves, which they share by fork, or lines to the engine's.

settings --here--> Brood: models warm, in this process
Engine --apart--> Brood: what stands for its models
         LaneLost, and what stops a start
"""

# ruff: noqa: PLC0415  (attacks are imported only where there are checks)

from collections.abc import Callable, Sequence
from functools import partial
from mmap import mmap
from socket import socket
from typing import TYPE_CHECKING, NamedTuple

from roadsight_service.heap import give_back_what_is_free
from roadsight_service.processes import wire
from roadsight_service.processes.engine.hatch import BATCHES, Hatch
from roadsight_service.processes.engine.port import Engine
from roadsight_service.processes.lane import Lane, infer_here
from roadsight_service.registry import open_registry
from roadsight_service.served import Model, heard
from roadsight_service.settings import Settings

if TYPE_CHECKING:
    from roadsight_service.processes.checker import Checker


class Brood(NamedTuple):
    """What serves, and how a child of each kind is made."""

    models: Sequence[Model]
    make: "dict[bytes, Callable[[socket], Lane | Checker]]"  # from its line to the serving process


def here(settings: Settings, gone: mmap) -> Brood:
    """Opens the models in this process.

    Raises:
        RoadsightError: see `open_registry`.
    """
    registry = open_registry(settings)
    give_back_what_is_free()  # once for all children
    inference = partial(infer_here, settings.batch_crops)
    brood = Brood(tuple(registry.sessions.values()), {})
    brood.make[wire.LANE] = lambda line: Lane(line, registry.sessions, inference, gone, settings)
    if settings.robustness_enabled:  # attacks are imported once, and only then
        from roadsight_service.processes.checker import Checker

        brood.make[wire.CHECKER] = lambda line: Checker(line, registry, settings)
    return brood


def apart(engine: Engine, settings: Settings, gone: mmap) -> Brood:
    """Waits for the models that the engine opens. Where all fell back to the CPU the engine ends, and they are here.

    Raises:
        RoadsightError: see `open_registry`.
        LaneLost: the engine died.
    """
    said = engine.said()
    if "wrong" in said:
        raise wire.rebuilt(said["wrong"])
    models = {one.manifest.task: one for one in map(heard, said["models"])}
    if all(one.provider == "cpu" for one in models.values()):
        engine.end()
        return here(settings.model_copy(update={"provider": "cpu"}), gone)._replace(models=tuple(models.values()))
    answer_bytes: dict[str, int] = said["answer_bytes"]
    crop_bytes = {task: max(_pixels(one), answer_bytes[task]) for task, one in models.items()}
    size = BATCHES * settings.batch_crops * max(crop_bytes.values())

    def lane(line: socket) -> Lane:
        hatch = Hatch(*engine.connect(wire.LANE, size), crop_bytes, settings.batch_crops, engine.kill)
        return Lane(line, models, hatch.infer, gone, settings)

    brood = Brood(tuple(models.values()), {wire.LANE: lane})
    if settings.robustness_enabled:
        from roadsight_service.processes.checker import Checker
        from roadsight_service.processes.engine.asking import Asking, asked_models, memory_bytes

        checked = memory_bytes(models.values(), answer_bytes)

        def checker(line: socket) -> Checker:
            asking = Asking(*engine.connect(wire.CHECKER, checked))
            return Checker(line, asked_models(asking, models, said["gradients"]), settings)

        brood.make[wire.CHECKER] = checker
    return brood


def _pixels(model: Model) -> int:
    """Bytes of a crop."""
    return model.manifest.input.width * model.manifest.input.height * 3
