"""When a run is saved, and how it is stopped.

end of validation -----------> best.ckpt if it is the best so far or the recipe keeps the last, last.ckpt
10 minutes, Ctrl-C, SIGTERM -> last.ckpt at the end of the step under way --Ctrl-C, SIGTERM--> Stopped
                Diverged: the loss or a weight is no finite number, what was saved before is kept
"""

import math
import signal
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Checkpoint
from torch import Tensor

from roadsight_training.errors import Diverged, Stopped
from roadsight_training.run import Run

SAVE_EVERY = 600.0  # seconds, at most, that a killed run loses
LOOK_EVERY = 20  # batches between two looks at the loss: on a GPU each look waits for the step to end


class Checkpoints(Checkpoint):
    """Keeps `best.ckpt` and `last.ckpt` of a run; from the latter a run goes on as if nothing had happened.

    It is called after all other callbacks, so that their state is saved as the step left it. Every process of a run
    decides alike: what one of them was told counts for all.
    """

    def __init__(self, run: Run) -> None:
        self.run, self.lowest, self.told_to_stop, self.saved_at = run, math.inf, False, 0.0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Takes over the signals; Lightning puts back what was there when it ends."""
        self.saved_at = time.monotonic()
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, self._told)

    def _told(self, number: int, frame: FrameType | None) -> None:
        if self.told_to_stop:  # the second time: at once
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        self.told_to_stop = True

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Saves where it is due: between two steps of the optimiser, because gradients are not saved.

        Raises:
            Diverged: the loss is no finite number.
            Stopped: it was saved because a signal came.
        """
        if trainer.is_last_batch:  # validation comes next, and saves
            return
        due = _any(trainer, self.told_to_stop or time.monotonic() - self.saved_at > SAVE_EVERY)
        due = due and (batch_idx + 1) % trainer.accumulate_grad_batches == 0
        if due or batch_idx % LOOK_EVERY == 0:
            self._check(trainer, outputs["loss"])
        if due:
            self._save(trainer, pl_module, self.run.last)
            self._stop(trainer)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Saves the run; raises as `on_train_batch_end` does."""
        loss = trainer.callback_metrics["val_loss"]
        self._check(trainer, loss)
        hardened = self.run.recipe.adversary is not None
        figure = -float(trainer.callback_metrics["val_robust_top1"]) if hardened else float(loss)
        if figure < self.lowest or self.run.recipe.fit.keep == "last":
            self.lowest = figure
            self._save(trainer, pl_module, self.run.best)
        self._save(trainer, pl_module, self.run.last)
        self._stop(trainer)

    def _check(self, trainer: Trainer, *tensors: Tensor) -> None:
        if _any(trainer, not all(bool(torch.isfinite(tensor).all()) for tensor in tensors)):
            raise Diverged(trainer.global_step, self.run.recipe.fit.learning_rate)

    def _save(self, trainer: Trainer, pl_module: LightningModule, path: Path) -> None:
        self._check(trainer, *pl_module.parameters())  # the last loss was that of the weights before this step
        beside = path.with_suffix(".new")  # Lightning writes where temporary files go, and may have to copy from there
        trainer.save_checkpoint(beside, weights_only=False)
        if trainer.is_global_zero:
            beside.replace(path)
        self.saved_at = time.monotonic()

    def _stop(self, trainer: Trainer) -> None:
        if _any(trainer, self.told_to_stop):
            raise Stopped(trainer.global_step)

    def state_dict(self) -> dict[str, Any]:
        """The validation loss of `best.ckpt`, or less its robust top-1."""
        return {"lowest": self.lowest}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes on with that."""
        self.lowest = state_dict["lowest"]


def _any(trainer: Trainer, decision: bool) -> bool:
    """Whether any of the processes says so."""
    return bool(trainer.strategy.reduce_boolean_decision(decision, all=False))
