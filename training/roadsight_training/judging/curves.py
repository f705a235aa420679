"""One class against all others, with the threshold swept.

Answers --curves--> Curves a label: ROC with its area, precision against recall with its average precision
"""

from dataclasses import dataclass

from sklearn.metrics import (  # type: ignore[import-untyped]
    auc,
    average_precision_score,
    precision_recall_curve,
    roc_curve,
)

from roadsight_training.judging.answers import Answers, Probabilities


@dataclass(frozen=True, eq=False)
class Roc:
    """Receiver operating characteristic (Fawcett 2006); three arrays float64 [T], thresholds falling from infinity."""

    false_positive_rate: Probabilities
    true_positive_rate: Probabilities
    thresholds: Probabilities
    area: float  # 0.5 is chance


@dataclass(frozen=True, eq=False)
class PrecisionRecall:
    """Precision and recall float64 [T + 1] at thresholds float64 [T], rising; the last point (1, 0) has none."""

    precision: Probabilities
    recall: Probabilities
    thresholds: Probabilities
    average_precision: float  # the share of the class is chance


@dataclass(frozen=True)
class Curves:
    """Both curves of one class."""

    roc: Roc
    precision_recall: PrecisionRecall


def curves(answers: Answers) -> dict[str, Curves]:
    """Sweeps the threshold of every class; one that none or all of the images are of has no curve and is left out."""
    found = {}
    for index, label in enumerate(answers.labels):
        if 0 < (answers.truth == index).sum() < len(answers):
            found[label] = Curves(roc(answers, index), precision_recall(answers, index))
    return found


def roc(answers: Answers, index: int) -> Roc:
    """Sweeps the threshold of class `index`, of which there must be some images, and some of others."""
    false, true, thresholds = roc_curve(answers.truth == index, answers.probabilities[:, index])
    return Roc(false, true, thresholds, float(auc(false, true)))


def precision_recall(answers: Answers, index: int) -> PrecisionRecall:
    """Sweeps the threshold of class `index`, of which there must be some images."""
    truth, scores = answers.truth == index, answers.probabilities[:, index]
    # Left out are thresholds that only add wrong images to the right ones of the next higher threshold.
    precision, recall, thresholds = precision_recall_curve(truth, scores, drop_intermediate=True)
    return PrecisionRecall(precision, recall, thresholds, float(average_precision_score(truth, scores)))
