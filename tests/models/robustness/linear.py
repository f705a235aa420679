"""Linear models of small pictures, so that it is known beforehand what an attack can do.

colours()                the colour bundle, as it would serve
weighted(weights, bias)  any other: logits = sum(weights * pixels) + bias
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

import colour_gradient
from colours import SIDE
from roadsight_models.frame import Pixels
from roadsight_models.gradient import Gradients, GradientSession, open_gradient
from roadsight_models.robustness.criterion import Criterion
from roadsight_models.robustness.threat import Floats
from roadsight_models.robustness.victim import Victim, to_floats
from roadsight_models.session import Outputs, Session, open_session

RED, GREEN, BLUE = range(3)


@cache
def _sessions() -> tuple[Session, GradientSession]:
    with TemporaryDirectory() as folder:
        bundle = colour_gradient.save(Path(folder))
        return open_session(bundle, "cpu"), open_gradient(bundle, "cpu")


def colours() -> Victim:
    """The colour bundle: the class is the colour that is strongest on average."""
    return Victim(*_sessions())


def flat(*colour: int) -> Pixels:
    """One picture of one colour, uint8 [1, 16, 16, 3]."""
    return np.broadcast_to(np.array(colour, np.uint8), (1, SIDE, SIDE, 3)).copy()


def peppered() -> Pixels:
    """Red, but for single green pixels that make it green on the whole: uint8 [1, 16, 16, 3]."""
    frames = flat(156, 123, 0)
    frames[:, 1::3, 1::3] = (0, 255, 0)  # 25 of 256
    frames[:, 0::6, 0::6] = (0, 255, 0)  # and 9 in between
    return frames


def not_of(label: int, count: int = 1) -> Criterion:
    """Pictures of a class are to be taken for anything else."""
    return Criterion(np.full(count, label))


@dataclass(frozen=True, eq=False)
class _Forward:
    weights: Floats  # [K, h, w, 3]
    bias: Floats  # [K]

    def run(self, frames: Pixels) -> Outputs:
        logits = np.tensordot(to_floats(frames), self.weights, ((1, 2, 3), (1, 2, 3))) + self.bias
        return Outputs(logits, logits)


@dataclass(frozen=True, eq=False)
class _Backward:
    weights: Floats

    def run(self, pixels: Floats, cotangent: Floats) -> Gradients:
        return Gradients(cotangent, np.tensordot(cotangent, self.weights, 1))


def weighted(weights: npt.NDArray[np.floating], bias: npt.ArrayLike = 0.0) -> Victim:
    """A linear model of the weights [K, h, w, 3] of each value, in pixel units, and a bias [K] or for all."""
    exact = weights.astype(np.float32)
    return Victim(_Forward(exact, np.broadcast_to(np.asarray(bias, np.float32), len(exact))), _Backward(exact))


def two_classes(weights: npt.NDArray[np.floating], lead: float) -> Victim:
    """Class 0 leads on black by so much; weights [h, w, 3] of each value bring class 1 up."""
    return weighted(np.stack([np.zeros_like(weights), weights]), [lead, 0])
