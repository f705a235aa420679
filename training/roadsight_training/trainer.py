"""The Lightning trainer of a run: what it runs on, what it writes, when it stops.

Run, Hardware --make_trainer--> Trainer --> checkpoints/, logs/
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from pytorch_lightning import Callback, Trainer
from pytorch_lightning.callbacks import (
    LearningRateMonitor,
    RichProgressBar,
    TQDMProgressBar,
    WeightAveraging,
)
from torch import Tensor
from torch.optim.swa_utils import get_ema_multi_avg_fn

from roadsight_training.checkpoints import Checkpoints
from roadsight_training.loggers import loggers
from roadsight_training.patience import Collapse, Patience, Plateau
from roadsight_training.run import Run

Tensors = tuple[Tensor, ...] | list[Tensor]

PRECISIONS = {"float32": "32-true", "bfloat16": "bf16-mixed"}
RANKS = ("RANK", "LOCAL_RANK", "NODE_RANK", "SLURM_PROCID")  # variables that number a process


@dataclass(frozen=True)
class Hardware:
    """What a run is trained on."""

    accelerator: str = "auto"
    devices: int = 1  # processes on this machine
    nodes: int = 1  # machines

    @property
    def world(self) -> int:
        """How many processes train together."""
        return self.devices * self.nodes

    @property
    def leads(self) -> bool:
        """Whether this is the first process, which makes the run folder; a cluster or Lightning numbers the others."""
        return all(int(os.environ.get(name, "0")) == 0 for name in RANKS)


def averaging(decay: float) -> Callback:
    """Keeps a moving average of the weights beside them, which is what is validated and exported.

    Exponential, but over a tenth of the steps so far where that is less: a short run would else end with the average of
    its beginning. What is frozen stays to the bit, which it would not under Lightning's own sum of two products.
    """

    def update(averaged: Tensors, current: Tensors, steps: Tensor | int) -> None:
        warmed_up = min(decay, (1 + int(steps)) / (10 + int(steps)))
        get_ema_multi_avg_fn(warmed_up)(averaged, current, steps)  # type: ignore[no-untyped-call]

    return WeightAveraging(multi_avg_fn=update)


def make_trainer(run: Run, hardware: Hardware, rounds: int, steps: int, more: Sequence[Callback] = ()) -> Trainer:
    """Makes the trainer.

    Args:
        run: where checkpoints and logs go.
        hardware: what it runs on.
        rounds: passes through the training loader.
        steps: batches in one of them.
        more: callbacks beside those that write the run folder.
    """
    options = run.recipe.fit
    callbacks: list[Callback] = [
        RichProgressBar() if sys.stdout.isatty() else TQDMProgressBar(refresh_rate=50),
        averaging(options.average_decay),
        LearningRateMonitor("step"),
        *more,
        Checkpoints(run),
    ]
    if options.schedule == "plateau":
        callbacks.append(Plateau(options.step_factor, options.plateau_patience))
    if options.early_stopping is not None:
        callbacks.append(Patience(options.early_stopping))
    if run.recipe.adversary is not None:
        callbacks.append(Collapse())
    return Trainer(
        accelerator=hardware.accelerator,
        devices=hardware.devices,
        num_nodes=hardware.nodes,
        strategy="ddp" if hardware.world > 1 else "auto",
        use_distributed_sampler=False,  # the training loader shares each step out itself
        max_epochs=rounds,
        accumulate_grad_batches=options.accumulate,
        gradient_clip_val=options.clip,
        precision=PRECISIONS[run.precision],  # type: ignore[arg-type]
        callbacks=callbacks,
        logger=loggers(run, leads=hardware.leads),
        log_every_n_steps=min(20, steps),
        num_sanity_val_steps=0,
        inference_mode=run.recipe.adversary is None,  # what is attacked needs gradients
        enable_model_summary=False,
    )
