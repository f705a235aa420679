"""All figures of one choice of samples, and their JSON.

Report --figures--> plain values: a number that is not defined is null, never NaN
"""

from dataclasses import asdict, dataclass

import numpy as np

from roadsight_training.judging.calibration import Calibration
from roadsight_training.judging.curves import Curves
from roadsight_training.judging.groups import GroupFigures
from roadsight_training.judging.intervals import Indices, Interval, Proportion
from roadsight_training.judging.mistakes import Mistake
from roadsight_training.judging.per_class import Averages, ClassFigures

LISTED = 100  # mistakes in the JSON


@dataclass(frozen=True, eq=False)
class Report:
    """What was measured on one choice of samples."""

    labels: tuple[str, ...]  # of the K columns
    n: int
    min_support: int  # a class with fewer images is in no macro figure
    confusion: Indices  # int64 [K, K]: images by truth (row) and guess (column)
    top_k: dict[int, Proportion]  # for k of 1, 3, 5 under K: the truth is among the k likeliest
    macro: Averages
    micro: Averages
    between_tracks: dict[str, Interval]  # 95 % of top1, macro_f1 and mean_recall, if other tracks had been driven past
    calibration: Calibration
    confident: Proportion  # right among the answers that are not `uncertain`
    per_class: dict[str, ClassFigures]  # every label, in the order of the columns
    curves: dict[str, Curves]  # one against the rest; of the classes that have a curve
    per_kind: dict[str, GroupFigures]  # by how the image is stored
    per_source: dict[str, GroupFigures]
    per_size: dict[str, GroupFigures]  # by the object's shorter side in pixels, small to large
    mistakes: tuple[Mistake, ...]  # most confident first

    @property
    def top1(self) -> Proportion:
        """How often the likeliest class is the true one: accuracy."""
        return self.top_k[1]

    @property
    def macro_f1(self) -> float:
        """Mean F1 of the classes that count."""
        return self.macro.f1

    @property
    def mean_recall(self) -> float:
        """Mean recall of the classes that count: balanced accuracy."""
        return self.macro.recall

    @property
    def ece(self) -> float:
        """Expected calibration error."""
        return self.calibration.ece

    @property
    def covered(self) -> Proportion:
        """How many answers are not `uncertain`."""
        return Proportion(self.confident.n, self.n)

    @property
    def mean_average_precision(self) -> float | None:
        """Mean of the average precisions of the classes that count and have a curve; None where there is none."""
        return self._mean({label: curve.precision_recall.average_precision for label, curve in self.curves.items()})

    @property
    def mean_roc_auc(self) -> float | None:
        """Mean of the areas under ROC, likewise."""
        return self._mean({label: curve.roc.area for label, curve in self.curves.items()})

    def _mean(self, areas: dict[str, float]) -> float | None:
        counting = [area for label, area in areas.items() if self.per_class[label].recall.n >= self.min_support]
        return float(np.mean(counting)) if counting else None

    def confusions(self, most: int) -> list[tuple[str, str, int]]:
        """The most frequent mistakes: truth, guess, images."""
        wrong = self.confusion * ~np.eye(len(self.labels), dtype=bool)
        order = np.argsort(-wrong, axis=None, kind="stable")[:most]
        pairs = [divmod(int(place), len(self.labels)) for place in order]
        return [
            (self.labels[row], self.labels[column], int(wrong[row, column]))
            for row, column in pairs
            if wrong[row, column]
        ]

    def figures(self) -> dict[str, object]:
        """The report as plain JSON values; `top1`, `macro_f1`, `mean_recall` and `n` are stable names."""
        return self._headline() | {
            "per_class": {label: self._of_class(label) for label in self.labels},
            "per_kind": {kind: part.plain() for kind, part in self.per_kind.items()},
            "per_source": {source: part.plain() for source, part in self.per_source.items()},
            "per_size": {size: part.plain() for size, part in self.per_size.items()},
            "reliability": [
                {"low": column.low, "high": column.high, "confidence": column.confidence}
                | column.accuracy.plain("accuracy")
                for column in self.calibration.bins
            ],
            "labels": list(self.labels),
            "confusion": self.confusion.tolist(),
            "wrong": len(self.mistakes),
            "mistakes": [asdict(mistake) for mistake in self.mistakes[:LISTED]],
        }

    def _headline(self) -> dict[str, object]:
        sure = self.confident.plain("value")
        return {
            "top1": self.top1.value,
            "macro_f1": self.macro_f1,
            "mean_recall": self.mean_recall,
            "n": self.n,
            "top1_interval": list(self.top1.interval),
            "top_k": {str(k): share.plain("accuracy") for k, share in self.top_k.items()},
            "min_support": self.min_support,
            "macro": asdict(self.macro),
            "micro": asdict(self.micro),
            "mean_average_precision": self.mean_average_precision,
            "mean_roc_auc": self.mean_roc_auc,
            "between_tracks": {name: list(interval) for name, interval in self.between_tracks.items()},
            "ece": self.ece,
            "brier": self.calibration.brier,
            "nll": self.calibration.nll,
            "coverage": self.covered.value,
            "selective_accuracy": sure["value"],
            "selective_accuracy_interval": sure["interval"],
        }

    def _of_class(self, label: str) -> dict[str, object]:
        one, curve = self.per_class[label], self.curves.get(label)
        precision = one.precision.plain("precision")
        return one.recall.plain("recall") | {
            "precision": precision["precision"],
            "precision_interval": precision["interval"],
            "guessed": precision["n"],
            "f1": one.f1,
            "average_precision": curve.precision_recall.average_precision if curve else None,
            "roc_auc": curve.roc.area if curve else None,
        }
