"""Pictures for the colour bundle, a linear model: it is known how far each is from another class.

A logit is 12 times the mean of a colour. Where two colours differ by a gap, they meet after half of it each, so in linf
the boundary is gap / 2 away, and in l2 that in every one of 512 values.
"""

import numpy as np
import numpy.typing as npt

import colours
from roadsight_models.frame import Pixels
from roadsight_models.robustness.criterion import Criterion, Indices

VALUES = 2 * colours.SIDE**2  # of two colours of a picture
LEVELS = np.array([150, 70, 20])  # of the strongest colour, the next, and the last


def pictures(count: int, seed: int = 0) -> tuple[Pixels, Indices]:
    """Noise of 21 grey levels around a colour of its own each; and which colours are strongest, next, last: [count, 3].

    So far from black and white that nothing is clipped on the way to another class.
    """
    rng = np.random.default_rng(seed)
    order = np.stack([rng.permutation(3) for _ in range(count)])
    levels = np.empty((count, 3))
    np.put_along_axis(levels, order, LEVELS[None].repeat(count, 0).astype(float), 1)
    noise = rng.integers(-10, 11, (count, colours.SIDE, colours.SIDE, 3))
    return (levels[:, None, None] + noise).astype(np.uint8), order


def toward(order: Indices, place: int | None) -> Criterion:
    """Any class but the strongest colour; or that colour of each picture, 1 for the next, 2 for the last."""
    return Criterion(order[:, 0], None if place is None else order[:, place])


def half_gap(clean: Pixels, order: Indices, place: int) -> npt.NDArray[np.float64]:
    """How far each picture is from the boundary to that colour in linf: float64 [N]; in l2 sqrt(512) times that."""
    means = np.take_along_axis(clean.mean((1, 2)) / 255, order, 1)
    return np.asarray((means[:, 0] - means[:, place]) / 2)
