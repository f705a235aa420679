"""Whether a picture looks like an attack: its answer changes when detail is taken away that no sign needs.

    frames --SQUEEZERS--> squeezed frames;  both --served session--> probabilities --L1, the largest--> suspicion [N]

Feature squeezing: Xu, Evans and Qi 2017 (arXiv:1704.01155). An adversary who knows of it can evade it (He et al. 2017,
arXiv:1706.04701), so it is a hint to an operator, and no defence.
"""

from collections.abc import Callable, Mapping

import cv2
import numpy as np
import numpy.typing as npt

from roadsight_models.frame import Pixels
from roadsight_models.probabilities import softmax
from roadsight_models.robustness.criterion import Logits
from roadsight_models.robustness.victim import Victim

BITS = 5
MEDIAN = 3  # px

Suspicions = npt.NDArray[np.float64]


def fewer_levels(frames: Pixels) -> Pixels:
    """Rounds to 2^BITS levels, from black to white."""
    steps = 2**BITS - 1
    levels = np.rint(np.arange(256) * (steps / 255)) * (255 / steps)
    return np.asarray(np.rint(levels)[frames], np.uint8)


def smoothed(frames: Pixels) -> Pixels:
    """Takes the median of each pixel's neighbourhood, channel by channel."""
    return np.stack([cv2.medianBlur(frame, MEDIAN) for frame in frames])


SQUEEZERS: Mapping[str, Callable[[Pixels], Pixels]] = {"bit depth": fewer_levels, "median": smoothed}


def suspicion(victim: Victim, frames: Pixels, temperature: float) -> Suspicions:
    """How far the answer to each picture is from the answer to what is left of it.

    Args:
        victim: what answers.
        frames: uint8 [N, h, w, 3], N at least 1.
        temperature: of the bundle's manifest.

    Returns:
        float64 [N], from 0 (nothing changed) to 2 (sure of one class, then of another); 2 where logits are not finite.
    """
    plain = victim.answers(frames)
    distances = [apart(plain, victim.answers(squeeze(frames)), temperature) for squeeze in SQUEEZERS.values()]
    return np.asarray(np.max(distances, axis=0))


def apart(one: Logits, other: Logits, temperature: float) -> Suspicions:
    """The L1 distance of the probabilities of two float32 [N, K]: float64 [N], 2 where a logit is not finite."""
    finite = np.asarray((np.isfinite(one) & np.isfinite(other)).all(1))
    first, second = (softmax(np.where(finite[:, None], logits, 0), temperature) for logits in (one, other))
    return np.where(finite, np.minimum(np.abs(first - second).sum(1), 2), 2.0)
