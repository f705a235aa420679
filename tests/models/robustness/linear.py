"""Linear models of small pictures, so that it is known beforehand what an attack can do.

weights, bias --weighted--> Victim: logits = sum(weights * pixels) + bias
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from roadsight_models.frame import Pixels
from roadsight_models.gradient import Gradients
from roadsight_models.robustness.threat import Floats
from roadsight_models.robustness.victim import Victim, to_floats
from roadsight_models.session import Outputs


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
