"""How well a score tells broken pictures from clean ones.

clean scores [N], scores of the broken ones --detection--> area under ROC, and what is caught at a threshold, with 95 %

The pictures that were broken are among the clean ones, so the bootstrap draws both together.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score, roc_curve  # type: ignore[import-untyped]

from roadsight_models.robustness.criterion import Flags
from roadsight_models.robustness.squeezing import Suspicions
from roadsight_training.judging.intervals import RESAMPLES, SEED, Interval

FALSE_POSITIVES = 0.05  # of the clean pictures, at most

Rates = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Detection:
    """How well; None where there is nothing to tell apart."""

    area: float | None  # under ROC: 0.5 is chance
    area_interval: Interval | None
    caught: float | None  # share of the broken pictures that have a score over the threshold
    caught_interval: Interval | None


def threshold(clean: Suspicions) -> float:
    """The lowest score that no more than FALSE_POSITIVES of the clean pictures [N] exceed."""
    return float(np.sort(clean)[::-1][math.floor(FALSE_POSITIVES * len(clean))])


def detection(clean: Suspicions, scores: Suspicions, broke: Flags) -> Detection:
    """Measures; intervals are bootstrapped over pictures, the threshold is taken anew each time.

    Args:
        clean: float64 [N], of the pictures as they are.
        scores: float64 [N], of what an attack made of them.
        broke: bool [N], which of these are counted.
    """
    if not broke.any():
        return Detection(None, None, None, None)
    rng, drawn = np.random.default_rng(SEED), []
    for _ in range(RESAMPLES):
        rows = rng.integers(0, len(clean), len(clean))
        kept = rows[broke[rows]]
        if len(kept):
            drawn.append(_both(clean[rows], scores[kept]))
    area, caught = _both(clean, scores[broke])
    low, high = np.quantile(drawn, (0.025, 0.975), axis=0).tolist()
    return Detection(area, (low[0], high[0]), caught, (low[1], high[1]))


def curve(clean: Suspicions, broken: Suspicions) -> tuple[Rates, Rates]:
    """ROC: false and true positive rates, of at least one picture each."""
    false, true, _ = roc_curve(*_labelled(clean, broken))
    return false, true


def _both(clean: Suspicions, broken: Suspicions) -> tuple[float, float]:
    area = float(roc_auc_score(*_labelled(clean, broken)))
    return area, float((broken > threshold(clean)).mean())


def _labelled(clean: Suspicions, broken: Suspicions) -> tuple[Flags, Suspicions]:
    return np.arange(len(clean) + len(broken)) >= len(clean), np.concatenate([clean, broken])
