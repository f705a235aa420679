"""Decoded pictures -> batches for training and validation.

    step --Order--> rows --Augmentation--> Batch      training: a pure function of seed, step and rank
    crops --------------------------------> Batch     validation: the bundle's crop rule, always the same

Because a training batch depends on nothing that came before it, a run that was killed and resumed at any step goes on
as if nothing had happened.
"""

import os
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.functional import one_hot
from torch.utils.data import DataLoader, Sampler
from torch.utils.data import Dataset as TorchDataset

from roadsight_models import preprocess
from roadsight_models.frame import Pixels
from roadsight_models.manifest import CropRule
from roadsight_training.datasets.pictures import Picture
from roadsight_training.transforms import Augmentation

VALIDATION_BATCH = 256

Weights = npt.NDArray[np.float64]


def seed_of(*numbers: int) -> int:
    """A seed for torch's generator that depends on all of the numbers."""
    return int(np.random.default_rng(numbers).integers(2**62))


class Batch(NamedTuple):
    """What a network is shown at once, and what it should say."""

    frames: Tensor  # uint8 [N, h, w, 3]
    targets: Tensor  # float32 [N, K], rows sum to 1: one-hot, or mixed
    weights: Tensor  # float32 [N]: how much each picture counts in the loss, 1 on average


class Turn(NamedTuple):
    """Which batch is wanted: the step of the run, and the process that asks."""

    step: int
    rank: int


class Order:
    """Which pictures are shown at which step. Each pass is shuffled anew; what does not fill a batch sits out."""

    def __init__(self, n: int, batch_size: int, seed: int, world: int = 1, odds: Weights | None = None) -> None:
        self.n, self.seed, self.world, self.odds = n, seed, world, odds
        self.batch_size = min(batch_size, max(n // world, 1))
        self.steps_a_pass = max(n // (self.batch_size * world), 1)

    def rows(self, turn: Turn) -> npt.NDArray[np.int64]:
        """Rows of the batch; the processes of one step share out one larger batch."""
        number, place = divmod(turn.step, self.steps_a_pass)
        rng = np.random.default_rng((self.seed, number))
        if self.odds is None:
            shuffled = rng.permutation(self.n)
        else:
            shuffled = rng.choice(self.n, self.n, p=self.odds / self.odds.sum())
        first = (place * self.world + turn.rank) * self.batch_size
        return shuffled[first : first + self.batch_size]


class TrainingBatches(TorchDataset[Batch]):
    """All pictures decoded in memory; an item is a whole augmented batch, because that is faster than one by one."""

    def __init__(
        self, pictures: Sequence[Picture], augmentation: Augmentation, order: Order, weights: Weights | None = None
    ) -> None:
        self.pictures, self.augmentation, self.order = pictures, augmentation, order
        self.weights = weights  # [N, K]: what each picture counts with each label; None: all the same

    def __getitem__(self, turn: Turn) -> Batch:
        rows = self.order.rows(turn)
        rng = np.random.default_rng((self.order.seed, *turn))
        # torchvision draws from torch's global generator, which must be left as it was.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_of(self.order.seed, *turn))
            frames, targets = self.augmentation([self.pictures[row] for row in rows], rng)
        if self.weights is None:
            return Batch(frames, targets, torch.ones(len(frames)))
        # By the label that it has now: it may have been mirrored, or mixed with another.
        return Batch(frames, targets, (targets * torch.from_numpy(self.weights[rows])).sum(1).float())


class TrainingLoader(DataLoader[Batch]):
    """Batches in the order of steps, `len()` of them a round; Lightning saves `step` with its checkpoints."""

    def __init__(self, batches: TrainingBatches, steps: int, workers: int) -> None:
        self.turns = _Turns(steps)
        self.step = 0
        super().__init__(
            batches,
            batch_size=None,
            sampler=self.turns,
            num_workers=workers,
            persistent_workers=workers > 0,
            worker_init_fn=_leave_signals_to_training,
        )

    def __iter__(self) -> Iterator[Batch]:  # type: ignore[override]
        self.turns.first = self.step
        for batch in super().__iter__():
            self.step += 1
            yield batch

    def state_dict(self) -> dict[str, Any]:
        """The next step."""
        return {"step": self.step}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on from that step."""
        self.step = state["step"]


class _Turns(Sampler[Turn]):
    """The turns from `first` to the end of its round."""

    def __init__(self, steps: int) -> None:
        self.steps, self.first = steps, 0

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[Turn]:
        rank = torch.distributed.get_rank() if torch.distributed.is_initialized() else 0
        end = (self.first // self.steps + 1) * self.steps
        return (Turn(step, rank) for step in range(self.first, end))


def _leave_signals_to_training(worker: int) -> None:
    # Ctrl-C and `timeout` tell the whole group of processes; the step under way may still want a batch of a worker.
    os.setpgrp()


def crop_all(pictures: Sequence[Picture], rule: CropRule) -> Pixels:
    """Cuts every picture by the bundle's crop rule: uint8 [N, h, w, 3]."""
    out = np.empty((len(pictures), rule.height, rule.width, 3), np.uint8)
    for row, picture in zip(out, pictures, strict=True):
        preprocess.crop(picture.pixels, picture.box, rule, out=row)
    return out


def evaluation_loader(pictures: Sequence[Picture], rule: CropRule, classes: int) -> "DataLoader[Batch]":
    """Batches of the pictures as the bundle's rule crops them, in order, each counting the same."""
    targets = one_hot(torch.tensor([picture.index for picture in pictures]), classes).float()
    frames = torch.split(torch.from_numpy(crop_all(pictures, rule)), VALIDATION_BATCH)
    batches = [
        Batch(crops, wanted, torch.ones(len(crops)))
        for crops, wanted in zip(frames, torch.split(targets, VALIDATION_BATCH), strict=True)
    ]
    return DataLoader(batches, batch_size=None)  # type: ignore[arg-type]
