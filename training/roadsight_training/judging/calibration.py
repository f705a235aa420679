"""How far probabilities can be believed, and the two numbers that make them so.

    Answers --calibration--> Calibration: ECE, Brier, NLL, reliability diagram
    logits [N, K], truth [N] --fit_temperature--> temperature --choose_threshold--> uncertain_below

What is fitted or chosen is so on validation tracks, never on the split that figures are published on.
"""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import minimize_scalar  # type: ignore[import-untyped]
from scipy.stats import binned_statistic  # type: ignore[import-untyped]
from sklearn.metrics import brier_score_loss, log_loss  # type: ignore[import-untyped]
from torchmetrics.functional.classification import multiclass_calibration_error

from roadsight_models.probabilities import softmax
from roadsight_training.judging.answers import Answers, Logits
from roadsight_training.judging.intervals import Indices, Proportion

BINS = 15
COVERAGE = 0.99
BOUNDS = (0.05, 20.0)  # of the temperature; an end is reached only where all or no answers are right


@dataclass(frozen=True)
class Bin:
    """One column of the reliability diagram: answers with a confidence in [low, high), the last with 1, too."""

    low: float
    high: float
    confidence: float | None  # their mean; None: no answer
    accuracy: Proportion


@dataclass(frozen=True)
class Calibration:
    """How far the probabilities can be believed."""

    ece: float  # expected calibration error, 15 bins (Guo et al. 2017)
    brier: float  # mean squared distance to the truth, 0 to 2 (Brier 1950)
    nll: float  # mean negative log-likelihood in nats
    bins: tuple[Bin, ...]  # 15, by rising confidence


def calibration(answers: Answers) -> Calibration:
    """Measures calibration; ECE and bins look at the guess alone, Brier and NLL at every class."""
    truth, probabilities = answers.truth, answers.probabilities
    columns = np.arange(len(answers.labels))
    ece = multiclass_calibration_error(
        torch.from_numpy(probabilities), torch.from_numpy(truth), len(columns), n_bins=BINS, norm="l1"
    )
    return Calibration(
        ece=float(ece),
        brier=float(brier_score_loss(truth, probabilities, labels=columns, scale_by_half=False)),
        nll=float(log_loss(truth, probabilities, labels=columns)),
        bins=_bins(answers),
    )


def _bins(answers: Answers) -> tuple[Bin, ...]:
    values = [np.ones(len(answers)), answers.right, answers.confidence]
    (counts, hits, sums), edges, _ = binned_statistic(answers.confidence, values, "sum", bins=BINS, range=(0, 1))
    return tuple(
        Bin(float(low), float(high), float(total / n) if n else None, Proportion(int(hit), int(n)))
        for low, high, n, hit, total in zip(edges, edges[1:], counts, hits, sums, strict=False)
    )


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
