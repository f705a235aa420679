"""What an attack climbs: the larger, the nearer a picture is to what is wanted of it.

    logits [N, K], Criterion --Loss--> Climb (values [N], cotangent [N, K])

The cotangent is the value's derivative by the logits; `gradient.onnx` carries it on to the pixels. In float64, since
what a sure network leaves to the other classes is lost in float32, and the gradient with it. Logits that are not finite
are as far as can be toward losing the true class, and from any target, as `Criterion.reached` has it; nothing leads on.
"""

from functools import wraps
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from roadsight_models.probabilities import softmax
from roadsight_models.robustness.criterion import Criterion, Logits

Values = npt.NDArray[np.float64]


class Climb(NamedTuple):
    """A loss and its slope."""

    values: Values  # [N]
    cotangent: Values  # [N, K]


class Loss(Protocol):
    """A function of logits that rises toward what is wanted."""

    def __call__(self, logits: Logits, criterion: Criterion) -> Climb:
        """The loss of float32 [N, K] logits."""


def _of_answers(loss: Loss) -> Loss:
    """Leaves to a loss the logits that are finite."""

    @wraps(loss)
    def judged(logits: Logits, criterion: Criterion) -> Climb:
        finite = np.asarray(np.isfinite(logits).all(1))
        values, cotangent = loss(np.where(finite[:, None], logits, np.float32(0)), criterion)
        no_answer = np.inf if criterion.targets is None else -np.inf
        return Climb(np.where(finite, values, no_answer), np.where(finite[:, None], cotangent, 0))

    return judged


@_of_answers
def cross_entropy(logits: Logits, criterion: Criterion) -> Climb:
    """Of the true class, to be raised; or of the target, to be lowered. Goodfellow et al. 2014."""
    rows, wanted = np.arange(len(logits)), criterion.wanted
    shifted = logits.astype(np.float64) - logits.max(1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(1))
    slope = softmax(logits)
    # 1 - p of a sure class would cancel to nothing.
    slope[rows, wanted] = 0
    slope[rows, wanted] = -slope.sum(1)
    sign = 1.0 if criterion.targets is None else -1.0
    return Climb(sign * (log_sum - shifted[rows, wanted]), sign * slope)


@_of_answers
def margin(logits: Logits, criterion: Criterion) -> Climb:
    """The best other logit less the true one's, or the target's less the best other: over 0 once it is reached.

    Carlini and Wagner 2016 (arXiv:1608.04644), their f6.
    """
    rows, wanted = np.arange(len(logits)), criterion.wanted
    others = logits.astype(np.float64)
    others[rows, wanted] = -np.inf
    best = others.argmax(1)
    slope = np.zeros(logits.shape)
    slope[rows, best], slope[rows, wanted] = 1, -1
    sign = 1.0 if criterion.targets is None else -1.0
    return Climb(sign * (others[rows, best] - logits[rows, wanted]), sign * slope)


@_of_answers
def dlr(logits: Logits, criterion: Criterion) -> Climb:
    """Difference of logits ratio: the margin over z(1) - z(3), so that no scale of the logits hides the gradient.

    Croce and Hein 2020 (arXiv:2003.01690), equations 6 and 7; targeted over z(1) - (z(3) + z(4)) / 2. Needs three
    classes, targeted four; with fewer it is the margin.
    """
    targeted = criterion.targets is not None
    if logits.shape[1] < (4 if targeted else 3):
        return margin(logits, criterion)
    rows, order = np.arange(len(logits)), logits.argsort(1)[:, ::-1]
    exact = logits.astype(np.float64)
    if criterion.targets is None:
        numerator = margin(logits, criterion)
        below = {2: 1.0}
    else:
        slope = np.zeros(logits.shape)
        np.add.at(slope, (rows, criterion.targets), 1)
        np.add.at(slope, (rows, criterion.labels), -1)
        numerator = Climb(exact[rows, criterion.targets] - exact[rows, criterion.labels], slope)
        below = {2: 0.5, 3: 0.5}
    spread = exact[rows, order[:, 0]]
    spread_slope = np.zeros(logits.shape)
    spread_slope[rows, order[:, 0]] = 1
    for place, weight in below.items():
        spread = spread - weight * exact[rows, order[:, place]]
        spread_slope[rows, order[:, place]] -= weight
    spread = spread + 1e-12  # of equal logits
    ratio = numerator.values / spread
    return Climb(ratio, (numerator.cotangent - ratio[:, None] * spread_slope) / spread[:, None])
