"""What a checker has of the models: they are in the engine, which it asks batch by batch.

pixels --AskedSession-----> Outputs
pixels, cotangent --AskedGradient--> Gradients
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from mmap import mmap
from socket import socket

import numpy as np

from roadsight_models.frame import Pixels
from roadsight_models.gradient import Floats, Gradients
from roadsight_models.robustness.victim import BATCH
from roadsight_models.session import Outputs
from roadsight_service.processes.engine import wire
from roadsight_service.processes.engine.memory import Array, lay, pick_up
from roadsight_service.processes.engine.wire import Given, Request
from roadsight_service.processes.wire import rebuilt
from roadsight_service.served import Served


class Asking:
    """The near end of a checker's line to the engine."""

    def __init__(self, line: socket, memory: mmap) -> None:
        """Takes over a line, and the memory that both ends have."""
        self._line, self._memory = line, memory

    def ask(self, task: str, *arrays: Array, differentiates: bool = False) -> list[Array]:
        """Has a graph run over a batch, at most `BATCH` pictures. A check that hangs is ended from outside.

        Raises:
            ConnectionError: the engine is gone.
            Exception: what the graph raised.
        """
        wire.send(self._line, tuple(Request(task, differentiates, lay(self._memory, 0, arrays))))
        said = wire.receive(self._line)
        if said is None:
            raise ConnectionAbortedError("the engine is gone")
        given = Given(*said)
        if given.wrong is not None:
            raise rebuilt(given.wrong)
        return [array.copy() for array in pick_up(self._memory, 0, given.laid)]


@dataclass(frozen=True)
class AskedSession(Served):
    """Stands for a `Session` of the engine."""

    asking: Asking

    def run(self, frames: Pixels) -> Outputs:
        """Has crops inferred, uint8 [N, h, w, 3]."""
        return Outputs(*self.asking.ask(self.manifest.task, frames))


@dataclass(frozen=True)
class AskedGradient:
    """Stands for a `GradientSession` of the engine."""

    task: str
    asking: Asking

    def run(self, pixels: Floats, cotangent: Floats) -> Gradients:
        """Has a batch differentiated, float32 [N, h, w, 3] by float32 [N, K]."""
        return Gradients(*self.asking.ask(self.task, pixels, cotangent, differentiates=True))


@dataclass(frozen=True)
class AskedModels:
    """Stands for a `Registry` of the engine."""

    sessions: Mapping[str, AskedSession]
    gradients: Mapping[str, AskedGradient]


def asked_models(asking: Asking, models: Mapping[str, Served], gradients: Iterable[str]) -> AskedModels:
    """What serves, and the tasks of which there is a gradient, all through one line."""
    sessions = {task: AskedSession(**vars(model), asking=asking) for task, model in models.items()}
    return AskedModels(sessions, {task: AskedGradient(task, asking) for task in gradients})


def memory_bytes(models: Iterable[Served], answer_bytes: Mapping[str, int]) -> int:
    """What the largest batch of a check takes: pictures as float32, and a number for each class."""
    float_bytes = np.dtype(np.float32).itemsize
    return BATCH * max(
        max(
            float_bytes * (model.manifest.input.width * model.manifest.input.height * 3 + len(model.manifest.labels)),
            answer_bytes[model.manifest.task],
        )
        for model in models
    )
