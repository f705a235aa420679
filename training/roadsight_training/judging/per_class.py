"""Right and wrong, class by class.

Answers --confusion--> int64 [K, K] --of_classes--> ClassFigures a label
        --averages--> macro and micro precision, recall, F1
                      BadAnswers (no class has enough images)
"""

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support  # type: ignore[import-untyped]

from roadsight_training.errors import BadAnswers
from roadsight_training.judging.answers import Answers
from roadsight_training.judging.intervals import Indices, Proportion


@dataclass(frozen=True)
class ClassFigures:
    """One class of the manifest, whether the split has it or not. A proportion of nothing is undefined."""

    precision: Proportion  # right among those guessed to be of the class
    recall: Proportion  # found among those of the class; its n is the support
    f1: float | None  # None: neither in the split nor ever guessed


@dataclass(frozen=True)
class Averages:
    """Over classes or over images. A class that is never guessed has no precision; here it has 0."""

    precision: float
    recall: float
    f1: float


def confusion(answers: Answers) -> Indices:
    """Counts images by truth (row) and guess (column): int64 [K, K]."""
    matrix = confusion_matrix(answers.truth, answers.guess, labels=np.arange(len(answers.labels)))
    return np.asarray(matrix, np.int64)


def of_classes(answers: Answers) -> dict[str, ClassFigures]:
    """Judges every class of the labels, in their order."""
    matrix = confusion(answers)
    _, _, f1, _ = precision_recall_fscore_support(
        answers.truth, answers.guess, labels=np.arange(len(answers.labels)), zero_division=np.nan
    )
    return {
        label: ClassFigures(
            precision=Proportion(int(hits), int(guessed)),
            recall=Proportion(int(hits), int(support)),
            f1=float(score) if np.isfinite(score) else None,
        )
        for label, hits, guessed, support, score in zip(
            answers.labels, matrix.diagonal(), matrix.sum(axis=0), matrix.sum(axis=1), f1, strict=True
        )
    }


def counting(answers: Answers, min_support: int) -> Indices:
    """The classes that enter a macro figure: those with `min_support` images, and at least one; may be empty."""
    classes, support = np.unique(answers.truth, return_counts=True)
    return np.asarray(classes[support >= min_support])


def averages(answers: Answers, min_support: int) -> tuple[Averages, Averages]:
    """Averages macro, each class that counts alike, and micro, each image alike.

    An image has one class and gets one guess, so the three micro figures are all the accuracy.

    Raises:
        BadAnswers: no class counts.
    """
    classes = counting(answers, min_support)
    if not len(classes):
        raise BadAnswers(f"no class has {min_support} images or more, so there is nothing to average")
    macro, micro = (
        precision_recall_fscore_support(answers.truth, answers.guess, labels=labels, average=average, zero_division=0)
        for average, labels in (("macro", classes), ("micro", np.arange(len(answers.labels))))
    )
    return Averages(*map(float, macro[:3])), Averages(*map(float, micro[:3]))
