"""Networks that have learnt already, as teachers (Hinton et al. 2015, "Distilling the knowledge in a neural network").

Recipe --hire--> Teachers --teach--> Batch with targets between its labels and what the teachers say of its frames
       BadRun, BadWeights

They are shown the very frames that the learner is shown, augmented and mixed (Beyer et al. 2022, "A good teacher is
patient and consistent"), and answer at temperature 1: what was trained with mixup is not too sure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from roadsight_models.manifest import CropRule
from roadsight_training.errors import BadWeights
from roadsight_training.loading import Batch
from roadsight_training.networks import Network
from roadsight_training.networks.earlier import restore
from roadsight_training.recipe import Recipe
from roadsight_training.run import run_of


@dataclass(frozen=True)
class Teacher:
    """A trained network, and the size of pictures that it is used to."""

    network: Network  # in evaluation mode
    size: tuple[int, int]  # height, width

    def answer(self, frames: Tensor) -> Tensor:
        """Class probabilities: uint8 [N, h, w, 3] of any size -> float32 [N, K]."""
        if frames.shape[1:3] != self.size:
            planes = frames.permute(0, 3, 1, 2).float()
            frames = interpolate(planes, self.size, mode="bilinear", antialias=True).permute(0, 2, 3, 1)
        logits: Tensor = self.network(frames).logits
        return logits.float().softmax(1)


@dataclass(frozen=True)
class Teachers:
    """All teachers of a run; none leave a batch as it is."""

    them: tuple[Teacher, ...] = ()
    share: float = 0.0  # of a target that is theirs

    def to(self, device: torch.device) -> None:
        """Moves them to where the learner is."""
        for teacher in self.them:
            teacher.network.to(device)

    @torch.no_grad()
    def teach(self, batch: Batch) -> Batch:
        """Moves the targets toward the mean of what the teachers say."""
        if not self.them:
            return batch
        said = torch.stack([teacher.answer(batch.frames) for teacher in self.them]).mean(0)
        return batch._replace(targets=batch.targets.lerp(said, self.share))


def hire(recipe: Recipe, labels: Sequence[str]) -> Teachers:
    """Loads the teachers that a recipe names.

    Args:
        recipe: what is to be trained.
        labels: of the learner, index == logit column.

    Raises:
        BadRun: a teacher is no run, or its checkpoint is missing or damaged.
        BadWeights: it knows other labels, or learnt from crops that were cut otherwise.
    """
    if recipe.distil is None:
        return Teachers()
    them = tuple(_teacher(path, labels, recipe.input) for path in recipe.distil.teachers)
    return Teachers(them, recipe.distil.share)


def _teacher(path: Path, labels: Sequence[str], rule: CropRule) -> Teacher:
    run = run_of(path)
    if run.labels != tuple(labels):
        raise BadWeights(f"{path} is no teacher here: its labels are {', '.join(run.labels)}")
    theirs = run.recipe.input
    if theirs.context != rule.context:
        raise BadWeights(f"{path} is no teacher here: its crops have a context of {theirs.context}, not {rule.context}")
    network = restore(run, path if path.suffix == ".ckpt" else run.best)
    return Teacher(network, (theirs.height, theirs.width))
