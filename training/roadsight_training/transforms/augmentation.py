"""Decoded pictures -> a training batch, different every time.

Pictures --quadrilaterals, partners--> corners, labels --warp--> crops --camera--> crops --mixup--> frames, targets
                           BadRecipe, before the first batch

Everything is drawn from the generator that is given and from torch's own; seed both, and the batch is the same again.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot
from torchvision.transforms import v2  # type: ignore[import-untyped]

from roadsight_models.manifest import CropRule
from roadsight_training.datasets.pictures import Picture
from roadsight_training.errors import BadRecipe
from roadsight_training.recipe import Augment
from roadsight_training.transforms import camera
from roadsight_training.transforms.geometry import quadrilaterals, warp
from roadsight_training.transforms.mirror import NEVER, partners

GROUP = 4  # crops that share what torchvision draws: one at a time costs several times as much
FLIPPED = [1, 0, 3, 2]  # the corners of a quadrilateral, seen in a mirror


class Augmentation:
    """Turns decoded pictures into a training batch.

    Raises:
        BadRecipe: `augment.mirror` names an unknown label, or flips are wanted and no label has a mirror image.
    """

    def __init__(self, options: Augment, rule: CropRule, labels: tuple[str, ...]) -> None:
        self.options, self.rule, self.classes = options, rule, len(labels)
        self.partners = partners(labels, options.mirror)
        if options.flip and (self.partners == NEVER).all():
            raise BadRecipe("augment.flip", "no label has a mirror image; augment.mirror names those that do")
        self.exposure = camera.exposure(options)

    def __call__(self, pictures: Sequence[Picture], rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Augments a batch.

        Args:
            pictures: N of them; with mixup, neighbours are mixed, so they should be shuffled.
            rng: decides, together with torch's global generator.

        Returns:
            Frames uint8 [N, h, w, 3], contiguous, in the order given; targets float32 [N, K], rows sum to 1.
        """
        n, options = len(pictures), self.options
        corners = quadrilaterals(pictures, options, self.rule, rng)
        indices = np.array([picture.index for picture in pictures])
        flips = (rng.random(n) < options.flip) & (self.partners[indices] != NEVER)
        corners[flips] = corners[flips][:, FLIPPED]
        indices[flips] = self.partners[indices[flips]]
        crops = warp(pictures, corners, self.rule)
        for row in np.flatnonzero(rng.random(n) < options.small):
            camera.reduce(crops[row], options.small_side, rng)
        for row in np.flatnonzero(rng.random(n) < options.motion_blur):
            camera.smear(crops[row], rng)
        batch = torch.from_numpy(crops).permute(0, 3, 1, 2).contiguous()
        batch = torch.cat([self.exposure(group) for group in torch.split(batch, GROUP)])
        batch, targets = self._mix(batch, torch.from_numpy(indices))
        return batch.permute(0, 2, 3, 1).contiguous(), targets

    def _mix(self, crops: Tensor, indices: Tensor) -> tuple[Tensor, Tensor]:
        """Mixes uint8 [N, 3, h, w] and their labels int64 [N] with their neighbours (Zhang et al. 2018)."""
        if not self.options.mixup:
            return crops, one_hot(indices, self.classes).float()
        mixup = v2.MixUp(alpha=self.options.mixup, num_classes=self.classes)
        mixed, targets = mixup(crops.float(), indices)
        return mixed.round_().byte(), targets
