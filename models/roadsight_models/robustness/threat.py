"""What an adversary may do to a picture: how far, and by which measure.

gradient --step--> direction;  pixels --project--> pixels in the ball around the clean ones, and in [0, 1]

Pixels are float32 in [0, 1], so an epsilon is in pixel units: 8/255 is eight grey levels.
"""

from dataclasses import dataclass, replace
from math import floor, prod, sqrt
from typing import Self

import numpy as np
import numpy.typing as npt

from roadsight_models.errors import BadParameter
from roadsight_models.robustness.names import NORMS, Norm

Floats = npt.NDArray[np.float32]

SLACK = 1e-5  # of rounding in float32, summed in l2 over a picture of 64 px; of an epsilon over 1, this share
ROUNDING = 1 / 255 / sqrt(12)  # root mean square of what a value moves to the nearest grey level


@dataclass(frozen=True)
class ThreatModel:
    """A ball around each picture.

    Raises:
        BadParameter: an unknown norm, or an epsilon under 0, not finite, or over 1 in linf or l0.
    """

    norm: Norm
    epsilon: float  # linf: of each value; l2: of all values together; l0: share of the pixels that may change

    def __post_init__(self) -> None:
        if self.norm not in NORMS:
            raise BadParameter("norm", f"{self.norm!r}; there are: {', '.join(NORMS)}")
        largest = np.inf if self.norm == "l2" else 1.0
        if not (0 <= self.epsilon <= largest and np.isfinite(self.epsilon)):
            limit = "" if self.norm == "l2" else " up to 1"
            raise BadParameter("epsilon", f"{self.epsilon}: in {self.norm} it is a number from 0{limit}")

    def project(self, pixels: Floats, around: Floats) -> Floats:
        """The nearest pixels that are allowed: in the ball, then in [0, 1], which takes none out of the ball.

        Args:
            pixels: float32 [N, h, w, 3].
            around: float32 [N, h, w, 3] in [0, 1], the clean ones.
        """
        delta = pixels - around
        if self.norm == "linf":
            delta = delta.clip(-self.epsilon, self.epsilon)
        elif self.norm == "l2":
            delta = delta * _each(np.minimum(1, self.epsilon / np.maximum(l2(delta), _TINY)))
        else:
            delta = _largest_pixels(delta, self.epsilon)
        return (around + delta).clip(0, 1).astype(np.float32, copy=False)

    def random_start(self, around: Floats, rng: np.random.Generator) -> Floats:
        """Somewhere in the ball, uniformly by its volume (l0: so many pixels of noise), and in [0, 1]."""
        delta: npt.NDArray[np.floating]
        if self.norm == "linf":
            delta = rng.uniform(-self.epsilon, self.epsilon, around.shape)
        elif self.norm == "l2":
            away = rng.standard_normal(around.shape)
            radius = self.epsilon * rng.uniform(size=len(around)) ** (1 / prod(around.shape[1:]))
            delta = away * _each(radius / np.maximum(l2(away), _TINY))
        else:
            delta = _largest_pixels(rng.uniform(-1, 1, around.shape), self.epsilon)
        return (around + delta).clip(0, 1).astype(np.float32)

    def step(self, gradient: Floats) -> Floats:
        """The direction in which a linear function rises most within a ball of this norm, of length one.

        For l0, where no step is short, it is that of l2: `project` keeps the pixels that it moved most.
        """
        if self.norm == "linf":
            return np.sign(gradient)
        return gradient * _each(1 / np.maximum(l2(gradient), _TINY))

    def distance(self, pixels: Floats, around: Floats) -> npt.NDArray[np.float64]:
        """How far each picture is from its clean one, in this norm: float64 [N]."""
        return DISTANCES[self.norm](pixels - around)

    def allows(self, pixels: Floats, around: Floats) -> npt.NDArray[np.bool_]:
        """Whether each picture is in the ball, up to rounding in float32: bool [N]."""
        return np.asarray(self.distance(pixels, around) <= self.epsilon + SLACK * max(1, self.epsilon))

    def in_levels(self) -> Self:
        """The ball of the same uint8 pictures: in linf of a whole number of grey levels."""
        return replace(self, epsilon=floor(self.epsilon * 255 + SLACK) / 255) if self.norm == "linf" else self

    def before_rounding(self, values: int) -> Self:
        """The ball for an attack on pictures of so many values: small enough that rounded they are still in this one.

        What leaves it by rounding is drawn back by `verify`, and may fail then, though the attack had no more to do.
        """
        if self.norm == "l2":
            # Rounding adds a length at a right angle, and some along it: room is left for two standard deviations.
            room, along = self.epsilon**2 - values * ROUNDING**2, 2 * ROUNDING
            room = max(room, self.epsilon**2 / 2)  # in a ball hardly larger than that most values round to no change
            return replace(self, epsilon=room / (sqrt(room + along**2) + along))  # solves e**2 + 2 e along = room
        return self.in_levels()


_TINY = np.finfo(np.float32).tiny


def linf(delta: Floats) -> npt.NDArray[np.float64]:
    """The largest change of a value of each picture [N, h, w, 3]: float64 [N]."""
    return np.asarray(np.abs(delta).max((1, 2, 3), initial=0), np.float64)


def l2(delta: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """The root of the sum of squares of each picture [N, h, w, 3]: float64 [N]."""
    return np.asarray(np.sqrt(np.square(delta, dtype=np.float64).sum((1, 2, 3))))


def l0(delta: Floats) -> npt.NDArray[np.float64]:
    """The share of pixels, of all three channels together, that changed at all in each picture: float64 [N]."""
    return np.asarray((delta != 0).any(3).mean((1, 2)), np.float64)


DISTANCES = {"linf": linf, "l2": l2, "l0": l0}


def _each(numbers: npt.NDArray[np.floating]) -> Floats:
    """[N] -> [N, 1, 1, 1], to scale pictures by."""
    return numbers.astype(np.float32)[:, None, None, None]


def _largest_pixels(delta: npt.NDArray[np.floating], share: float) -> npt.NDArray[np.floating]:
    """Leaves as many pixels of each picture changed as a share allows: those that changed most."""
    height, width = delta.shape[1:3]
    count = int(share * height * width + SLACK)
    if not count:
        return np.zeros_like(delta)
    size = np.square(delta).sum(3).reshape(len(delta), height * width)
    kept = np.zeros(size.shape, bool)
    np.put_along_axis(kept, np.argpartition(size, -count, axis=1)[:, -count:], True, axis=1)
    return delta * kept.reshape(len(delta), height, width, 1)
