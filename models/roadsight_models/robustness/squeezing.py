"""Whether a picture looks like an attack: its answer changes when detail is taken away that no sign needs.

    frames [N] --versions--> frames [3 N] --served session--> logits --suspicions, the largest L1 distance--> [N]

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
    return np.asarray(np.rint(levels).astype(np.uint8)[frames])


def smoothed(frames: Pixels) -> Pixels:
    """Takes the median of each pixel's neighbourhood, channel by channel."""
    squeezed = np.empty_like(frames)
    for frame, out in zip(frames, squeezed, strict=True):
        cv2.medianBlur(frame, MEDIAN, dst=out)
    return squeezed


SQUEEZERS: Mapping[str, Callable[[Pixels], Pixels]] = {"bit depth": fewer_levels, "median": smoothed}
VERSIONS = 1 + len(SQUEEZERS)  # of a picture: itself, and what is left of it


def versions(frames: Pixels) -> Pixels:
    """The pictures, then what is left of all of them, squeezer by squeezer: uint8 [VERSIONS * N, h, w, 3]."""
    return np.concatenate([frames, *(squeeze(frames) for squeeze in SQUEEZERS.values())])


def suspicions(logits: Logits, temperature: float) -> Suspicions:
    """How far the answer to each picture is from the answer to what is left of it.

    Args:
        logits: of `versions`, float32 [VERSIONS * N, K].
        temperature: of the bundle's manifest.

    Returns:
        float64 [N], from 0 (nothing changed) to 2 (sure of one class, then of another); 2 where logits are not finite.
    """
    plain, *squeezed = np.split(logits, VERSIONS)
    return np.asarray(np.max([_apart(plain, one, temperature) for one in squeezed], axis=0))


def suspicion(victim: Victim, frames: Pixels, temperature: float) -> Suspicions:
    """The same for pictures that nobody has asked about yet.

    Args:
        victim: what answers.
        frames: uint8 [N, h, w, 3], N at least 1.
        temperature: of the bundle's manifest.
    """
    return suspicions(victim.answers(versions(frames)), temperature)


def _apart(one: Logits, other: Logits, temperature: float) -> Suspicions:
    """The L1 distance of the probabilities, [N]."""
    finite = np.asarray((np.isfinite(one) & np.isfinite(other)).all(1))
    first, second = (softmax(np.where(finite[:, None], logits, 0), temperature) for logits in (one, other))
    return np.where(finite, np.minimum(np.abs(first - second).sum(1), 2), 2.0)
