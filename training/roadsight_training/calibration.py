"""Logits on validation -> the two numbers that make probabilities honest.

    logits [N, K], truth [N] --fit_temperature--> temperature --choose_threshold--> uncertain_below

Only validation tracks come in here, never the split that figures are published on.
"""

import numpy as np
from scipy.optimize import minimize_scalar  # type: ignore[import-untyped]
from sklearn.metrics import log_loss  # type: ignore[import-untyped]

from roadsight_models.probabilities import softmax
from roadsight_training.evaluation import Logits
from roadsight_training.intervals import Indices

COVERAGE = 0.99
BOUNDS = (0.05, 20.0)  # of the temperature; an end is reached only where all or no answers are right


def fit_temperature(logits: Logits, truth: Indices) -> float:
    """Finds the temperature that makes the truth most likely (Guo et al. 2017).

    Args:
        logits: float32 [N, K].
        truth: int64 [N], columns of `logits`.
    """
    columns = np.arange(logits.shape[1])

    def loss(log_temperature: float) -> float:
        return float(log_loss(truth, softmax(logits, float(np.exp(log_temperature))), labels=columns))

    found = minimize_scalar(loss, bounds=np.log(BOUNDS), method="bounded")
    return float(np.exp(found.x))


def choose_threshold(logits: Logits, temperature: float) -> float:
    """Chooses `uncertain_below` so that 99 % of the answers on validation are not `uncertain`.

    Coverage is fixed rather than accuracy because a good network leaves too few errors on validation to steer by.

    Args:
        logits: float32 [N, K].
        temperature: as `fit_temperature` gave it.
    """
    top = softmax(logits, temperature).max(axis=1)
    # The value of an actual answer, so that this answer itself still counts as sure.
    return float(np.quantile(top, 1 - COVERAGE, method="lower"))
