"""Trainings in processes of their own, which die at a chosen point, as a machine does that loses power."""

import multiprocessing
import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor

from roadsight_training import checkpoints
from roadsight_training.datasets import open_dataset
from roadsight_training.fit import fit
from roadsight_training.trainer import Hardware

DEADLINE = 120.0  # seconds, for everything that is waited for
# All that is slow to import is imported once, in the process from which all others are forked.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["roadsight_training.fit", "mlflow.tracking", "torch.utils.tensorboard"])


@dataclass(frozen=True)
class Point:
    """A point of a run: Lightning's hook, and how many steps the optimiser has done by then, at the least."""

    hook: str
    steps: int


class Death(Callback):
    """Sends signals to its own process at a point."""

    def __init__(self, point: Point, *signals: signal.Signals) -> None:
        self.point, self.signals = point, signals
        setattr(self, point.hook, self.die)

    def die(self, trainer: Trainer, *_: Any) -> None:
        """Does nothing before that point."""
        if trainer.global_step >= self.point.steps:
            for number in self.signals:
                os.kill(os.getpid(), number)


class Torn(Callback):
    """From a step on, what is moved from one disk to another arrives in part, and then the process dies."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        if trainer.global_step == self.step:
            shutil.move = _tear  # type: ignore[assignment]


def _tear(source: str, target: str) -> None:
    Path(target).write_bytes(Path(source).read_bytes()[:1000])
    os.kill(os.getpid(), signal.SIGKILL)


class Notes(Callback):
    """Writes down what this process saw, which network it measured, and what that became."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.frames, self.measured = folder, list[Tensor](), dict[str, Tensor]()

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        self.frames.append(batch.frames.clone())

    def on_validation_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
        self.measured = {name: tensor.clone() for name, tensor in pl_module.state_dict().items()}

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        noted = {"frames": torch.stack(self.frames), "measured": self.measured, "weights": pl_module.state_dict()}
        torch.save(noted, self.folder / f"{trainer.global_rank}.pt")


def start(
    recipe: Path,
    data: Path,
    folder: Path,
    *callbacks: Callback,
    save_every: float = 0.0,
    nodes: int = 1,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> BaseProcess:
    """Trains in another process, or goes on training there.

    Args:
        recipe: a YAML.
        data: of a data set.
        folder: the run folder; if it is there, the run is resumed.
        callbacks: Lightning's; a `Death` says when that process dies.
        save_every: seconds between two checkpoints in the midst of an epoch.
        nodes: how many such processes train together.
        environment: variables that number them.
    """
    resume = folder.exists()
    arguments = (recipe, data, folder, resume, callbacks, save_every, nodes, dict(environment))
    process = PROCESSES.Process(target=_train, args=arguments)
    process.start()
    return process


def exit_code(process: BaseProcess) -> int:
    """Waits for its end; gives its exit code, negative where a signal ended it."""
    process.join(DEADLINE)
    code = process.exitcode
    process.kill()
    assert code is not None, "it did not end"
    return code


def _train(
    recipe: Path,
    data: Path,
    folder: Path,
    resume: bool,
    callbacks: Sequence[Callback],
    save_every: float,
    nodes: int,
    environment: dict[str, str],
) -> None:
    multiprocessing.set_start_method("fork", force=True)  # of the loader's worker, as under the command
    os.environ.update(environment)
    checkpoints.SAVE_EVERY = save_every
    hardware = Hardware("cpu", nodes=nodes)
    fit(recipe, open_dataset(data), folder, resume=resume, hardware=hardware, callbacks=callbacks)
