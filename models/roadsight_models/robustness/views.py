"""A picture seen again: from a little elsewhere, in another light.

    Views --draw--> View;  pixels --View.look--> pixels;  the gradient by these --View.back--> the gradient by the first
    frames of an attack --fooled_share--> how often they are still taken for what was wanted

A sticker on a real sign is seen like this; Athalye et al. 2018 (arXiv:1707.07397).
"""

from dataclasses import dataclass

import numpy as np

from roadsight_models.frame import Pixels
from roadsight_models.robustness.criterion import Criterion
from roadsight_models.robustness.losses import Values
from roadsight_models.robustness.threat import Floats
from roadsight_models.robustness.victim import Victim, to_floats
from roadsight_models.robustness.warp import Warp


@dataclass(frozen=True, eq=False)
class View:
    """One such view."""

    warp: Warp
    light: float  # that reaches the camera, as a multiple

    def look(self, pixels: Floats) -> Floats:
        """What is seen of float32 [N, h, w, 3] in [0, 1]; what is too bright is white."""
        return (np.float32(self.light) * self.warp.apply(pixels)).clip(max=1)

    def back(self, gradient: Floats) -> Floats:
        """The gradient by the pixels, given that by what is seen of them, as if nothing were too bright.

        Else no gradient came from what is white, and white it would stay.
        """
        return self.warp.transpose(np.float32(self.light) * gradient)


@dataclass(frozen=True)
class Views:
    """How far views differ from the picture, either way; each amount is as likely as another."""

    degrees: float = 10.0
    scale: float = 0.1
    shift: float = 0.05  # share of the sides
    light: float = 0.2

    def draw(self, size: tuple[int, int], rng: np.random.Generator) -> View:
        """Chooses a view of pictures of this height and width."""
        turn, grow, right, down, brighten = rng.uniform(-1, 1, 5).tolist()
        shift = (right * self.shift, down * self.shift)
        return View(Warp(size, turn * self.degrees, 1 + grow * self.scale, shift), 1 + brighten * self.light)


NARROW = Views()


def fooled_share(
    victim: Victim,
    frames: Pixels,
    criterion: Criterion,
    rng: np.random.Generator,
    count: int = 100,
    views: Views = NARROW,
) -> Values:
    """How many views of each picture meet the criterion, of `count`.

    Say it of the clean pictures too: a turned sign may be misread without any sticker.

    Args:
        victim: what was attacked.
        frames: uint8 [N, h, w, 3], as `verify` judged them.
        criterion: what was wanted of them.
        rng: the same state, the same views.
        count: of views, at least 1.
        views: how far they differ.

    Returns:
        float64 [N], from 0 to 1.
    """
    pixels = to_floats(frames)
    fooled = np.zeros(len(frames))
    for _ in range(count):
        view = views.draw((frames.shape[1], frames.shape[2]), rng)
        fooled += criterion.reached(victim.logits(view.look(pixels)))
    return fooled / count
