"""A sticker that is drawn to fool, and goes on fooling when it is seen from elsewhere and in another light.

    boxes, or the gradient --> masks [N, h, w]
    pixels --views--> margin of each, its gradient --back, averaged--> a step under the mask

Eykholt et al. 2018 (arXiv:1707.08945), by the expectation over transformations of Athalye et al. 2018
(arXiv:1707.07397). What a printer can't print is not held against it, so a real sticker does no better.
"""

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from roadsight_models.errors import BadParameter
from roadsight_models.robustness.attack import Access
from roadsight_models.robustness.criterion import Criterion, Flags
from roadsight_models.robustness.losses import Values, margin
from roadsight_models.robustness.names import Norm
from roadsight_models.robustness.occlusion import covered, sides_of
from roadsight_models.robustness.threat import SLACK, Floats, ThreatModel
from roadsight_models.robustness.victim import Victim
from roadsight_models.robustness.views import NARROW, View, Views
from roadsight_models.robustness.warp import Warp

Box = tuple[float, float, float, float]  # x1, y1, x2, y2, in shares of width and height


@dataclass(frozen=True)
class Sticker:
    """Steps by the sign of the gradient, averaged over views, shorter and shorter.

    `fooled_share` says of the result how many other views it fools.
    """

    steps: int = 30
    step: float = 0.1  # length of the first, in pixel units
    looks: int = 8  # random views a step, beside the picture itself
    views: Views = NARROW
    boxes: tuple[Box, ...] = ()  # where it sticks; none: the rectangle where the gradient promises most

    name: ClassVar[str] = "sticker"
    access: ClassVar[Access] = "white box"
    norms: ClassVar[tuple[Norm, ...]] = ("l0",)
    source: ClassVar[str] = "Eykholt et al. 2018, arXiv:1707.08945"

    def run(
        self, victim: Victim, clean: Floats, criterion: Criterion, threat: ThreatModel, rng: np.random.Generator
    ) -> Floats:
        """See `Attack`.

        Raises:
            BadParameter: a box does not lie in the picture, or the boxes cover more than epsilon allows.
        """
        size = (clean.shape[1], clean.shape[2])
        if not self.boxes:
            return self.stick(victim, clean, criterion, _promising(victim, clean, criterion, threat.epsilon), rng)
        mask = _filled(self.boxes, size)
        if mask.mean() > threat.epsilon + SLACK:
            why = f"they cover {mask.mean():.3g} of the picture, and epsilon allows {threat.epsilon:.3g}"
            raise BadParameter("boxes", why)
        return self.stick(victim, clean, criterion, np.tile(mask, (len(clean), 1, 1)), rng)

    def stick(
        self, victim: Victim, clean: Floats, criterion: Criterion, masks: Flags, rng: np.random.Generator
    ) -> Floats:
        """Draws what is under a mask of any form.

        Args:
            victim: what is attacked.
            clean: float32 [N, h, w, 3] in [0, 1], N at least 1.
            criterion: what is wanted of them.
            masks: bool [N, h, w], where the sticker is.
            rng: chooses the views.

        Returns:
            float32 [N, h, w, 3]: of each picture the sticker that fooled at all, and in most of its step's views.
        """
        if not masks.any():
            return clean.copy()
        stuck = masks[..., None]
        pixels = np.where(stuck, np.float32(0.5), clean)
        best, score = pixels.copy(), np.zeros(len(clean))
        for number in range(self.steps):
            fooled, gradient = self._look(victim, pixels, criterion, rng)
            better = fooled >= score  # the later of equals has the better margins
            best[better], score[better] = pixels[better], fooled[better]
            length = np.float32(self.step * (1 - number / self.steps))
            pixels = np.where(stuck, (pixels + length * np.sign(gradient)).clip(0, 1), clean)
        return best

    def _look(
        self, victim: Victim, pixels: Floats, criterion: Criterion, rng: np.random.Generator
    ) -> tuple[Values, Floats]:
        """Whether each picture is fooled plus the share of views in which it is, [N], and the sum of gradients."""
        size = (pixels.shape[1], pixels.shape[2])
        views = [View(Warp(size), 1.0), *(self.views.draw(size, rng) for _ in range(self.looks))]
        fooled, gradient = np.empty((len(views), len(pixels)), bool), np.zeros_like(pixels)
        for row, view in zip(fooled, views, strict=True):
            # Not cross-entropy: `climb` scales its gradient in each view by itself, and their mean means nothing.
            slope = victim.climb(view.look(pixels), criterion, margin)
            row[:] = criterion.reached(slope.logits)
            gradient += view.back(slope.gradient)
        return fooled[0] + fooled.mean(0), gradient


def _filled(boxes: tuple[Box, ...], size: tuple[int, int]) -> Flags:
    """Which pixels of a picture of this height and width lie in a box: bool [h, w]."""
    mask = np.zeros(size, bool)
    for box in boxes:
        x1, y1, x2, y2 = box
        if not (0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1):
            raise BadParameter("boxes", f"{box}: x1 < x2 and y1 < y2 are shares of the sides, from 0 to 1")
        mask[round(y1 * size[0]) : round(y2 * size[0]), round(x1 * size[1]) : round(x2 * size[1])] = True
    return mask


def _promising(victim: Victim, clean: Floats, criterion: Criterion, share: float) -> Flags:
    """The rectangle of each picture that gains most if the model is linear: bool [N, h, w]."""
    size = (clean.shape[1], clean.shape[2])
    height, width = sides = sides_of(size, share)
    if not all(sides):
        return np.zeros(clean.shape[:3], bool)
    gradient = victim.climb(clean, criterion, margin).gradient
    gain = np.where(gradient > 0, gradient * (1 - clean), -gradient * clean).sum(3, dtype=np.float64)
    # At each pixel the sum over the rectangle whose upper left corner it is.
    sums = [cv2.boxFilter(one, -1, (width, height), anchor=(0, 0), normalize=False) for one in gain]
    inside = np.array(sums)[:, : size[0] - height + 1, : size[1] - width + 1]
    flat = inside.reshape(len(clean), -1).argmax(1)
    places = np.stack(np.unravel_index(flat, inside.shape[1:]), 1)
    return covered(places, sides, size)
