"""The same figures on parts of a split: by source, by stored kind, by size of the object.

Answers --by_source, by_kind, by_size--> GroupFigures a part that has images
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import recall_score  # type: ignore[import-untyped]

from roadsight_training.datasets import Sample
from roadsight_training.judging.answers import Answers
from roadsight_training.judging.intervals import Proportion
from roadsight_training.judging.per_class import counting

EDGES = (16, 24, 32, 48, 64)  # pixels of the object's shorter side in the picture as it was taken
SIZES = ("<16", "16-24", "24-32", "32-48", "48-64", ">=64")


@dataclass(frozen=True)
class GroupFigures:
    """One part of a split."""

    top1: Proportion
    mean_recall: float | None  # over the classes that have enough images in this part; None: none has
    classes: int  # how many have
    recalls: dict[str, Proportion]  # of the labels that this part has, in the order of the columns

    def plain(self) -> dict[str, object]:
        """As JSON values."""
        recalls = {label: recall.plain("recall") for label, recall in self.recalls.items()}
        return self.top1.plain("top1") | {
            "mean_recall": self.mean_recall,
            "classes": self.classes,
            "per_class": recalls,
        }


def by_source(answers: Answers, min_support: int) -> dict[str, GroupFigures]:
    """Judges each source of the data set alone, in the order of their names."""
    names = [sample.source for sample in answers.samples]
    return _by(answers, names, sorted(set(names)), min_support)


def by_kind(answers: Answers, min_support: int) -> dict[str, GroupFigures]:
    """Judges each stored form alone, in the order of their names."""
    names = [sample.kind for sample in answers.samples]
    return _by(answers, names, sorted(set(names)), min_support)


def by_size(answers: Answers, min_support: int) -> dict[str, GroupFigures]:
    """Judges objects of like size together, small to large; whose size is not known is in none."""
    return _by(answers, [_size(sample) for sample in answers.samples], SIZES, min_support)


def _size(sample: Sample) -> str | None:
    side = sample.side
    if side is None and sample.box is not None:
        side = sample.box.shorter_side
    return None if side is None else SIZES[int(np.digitize(side, EDGES))]


def _by(
    answers: Answers, names: Sequence[str | None], order: Sequence[str], min_support: int
) -> dict[str, GroupFigures]:
    of = np.array(names, object)
    return {name: _judge(answers.part(of == name), min_support) for name in order if name in names}


def _judge(part: Answers, min_support: int) -> GroupFigures:
    classes = counting(part, min_support)
    recall = None
    if len(classes):
        recall = float(recall_score(part.truth, part.guess, labels=classes, average="macro", zero_division=0))
    recalls = {part.labels[index]: Proportion.of(part.right[part.truth == index]) for index in np.unique(part.truth)}
    return GroupFigures(Proportion.of(part.right), recall, len(classes), recalls)
