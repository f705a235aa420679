"""How long a training step takes: what `precision: auto` and a comparison under one budget go by.

recipe, Parts --a few real steps--> seconds a step
"""

import gc
import time
import warnings
from statistics import median
from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer

from roadsight_training.fitting import Fitting
from roadsight_training.prepare import Parts, start_network, training_loader
from roadsight_training.recipe import Recipe
from roadsight_training.teaching import hire
from roadsight_training.trainer import PRECISIONS, averaging

WARM_UP = 2  # steps that are not counted
ENOUGH = 5  # steps at the least, and then until SECONDS have passed
SECONDS = 6.0


def faster_precision(recipe: Recipe, parts: Parts) -> str:
    """The precision in which this machine trains the recipe's network faster."""
    return min(PRECISIONS, key=lambda precision: seconds_a_step(recipe, parts, precision))


def seconds_a_step(recipe: Recipe, parts: Parts, precision: str) -> float:
    """Trains a few steps and throws the network away.

    Args:
        recipe: what would be trained.
        parts: what it would be trained on.
        precision: float32 or bfloat16.

    Returns:
        The median time of a step, batch and averaging included. On a CPU with one thread it is processor time, which
        other work on the machine does not lengthen; else it is wall time.
    """
    watch = Stopwatch(stops=True)
    loader, _ = training_loader(recipe, parts, 1)
    trainer = Trainer(
        devices=1,
        max_epochs=10_000,
        precision=PRECISIONS[precision],  # type: ignore[arg-type]
        accumulate_grad_batches=recipe.fit.accumulate,
        gradient_clip_val=recipe.fit.clip,
        callbacks=[averaging(recipe.fit.average_decay), watch],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        limit_val_batches=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a run that is thrown away, none matters
        network, teachers = start_network(recipe, parts.labels), hire(recipe, parts.labels)
        trainer.fit(Fitting(network, recipe, len(parts.labels), len(loader), teachers), loader)
    gc.collect()  # Lightning's trainer and module refer to each other, and a large network is gigabytes
    return median(watch.taken[WARM_UP:])


class Stopwatch(Callback):
    """Notes how long each step takes; if `stops`, ends the training after a few seconds."""

    def __init__(self, *, stops: bool = False) -> None:
        self.stops = stops
        self.taken: list[float] = []
        self.now = 0.0

    @property
    def mean(self) -> float:
        """Seconds a step, over all of them."""
        return sum(self.taken) / max(len(self.taken), 1)

    def state_dict(self) -> dict[str, Any]:
        """The times so far, so that a run that is resumed knows those from before."""
        return {"taken": self.taken}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes on with those."""
        self.taken = state_dict["taken"]

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts the first lap, also where a resumed run goes on within a round."""
        self.now = clock()

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts the lap anew: validation and saving are no part of a step."""
        self.now = clock()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Ends a lap: from the end of one step to the end of the next, with the making of the batch between them."""
        if pl_module.device.type == "cuda":
            torch.cuda.synchronize()
        now = clock()
        self.taken.append(now - self.now)
        self.now = now
        counted = self.taken[WARM_UP:]
        if self.stops and len(counted) >= ENOUGH and sum(counted) > SECONDS:
            trainer.should_stop = True


def clock() -> float:
    """Seconds that pass for the training alone, where that can be told."""
    alone = torch.get_num_threads() == 1 and not torch.cuda.is_available()
    return time.process_time() if alone else time.perf_counter()
