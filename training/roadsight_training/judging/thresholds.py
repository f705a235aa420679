"""The probability from which on a class is believed, for a wanted precision or recall.

    Validation --operating_threshold--> OperatingThreshold --on(Answers)--> Reached on what is reported

A `Validation` can't be made of a held-out split, and nothing else is chosen on: a figure on the test split is honest.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from roadsight_training.judging.answers import Answers, Validation
from roadsight_training.judging.curves import precision_recall
from roadsight_training.judging.intervals import Proportion

Aim = Literal["precision", "recall"]


class Wanted(NamedTuple):
    """What a threshold must reach."""

    aim: Aim
    value: float  # at least so much of it, in (0, 1]

    def __str__(self) -> str:
        """As in a sentence: precision 0.99."""
        return f"{self.aim} {self.value:g}"


@dataclass(frozen=True)
class Reached:
    """What a threshold gives on some answers. A proportion of nothing is undefined."""

    precision: Proportion  # right among those that pass
    recall: Proportion  # passing among those of the class

    def plain(self) -> dict[str, object]:
        """As JSON values."""
        return {"precision": self.precision.plain("value"), "recall": self.recall.plain("value")}


@dataclass(frozen=True)
class OperatingThreshold:
    """Chosen on validation: say the class where its probability is at least `threshold`."""

    label: str
    wanted: Wanted
    threshold: float | None  # None: no threshold reaches what is wanted
    on_validation: Reached | None  # what it reaches, or the nearest that any does; None: the class has no image there

    def on(self, answers: Answers) -> Reached | None:
        """What it reaches on other answers; None where there is no threshold."""
        return None if self.threshold is None else _reached(answers, answers.labels.index(self.label), self.threshold)

    def __str__(self) -> str:
        """One sentence, for a table or a log."""
        if self.on_validation is None:
            return f"{self.label}: no image on validation, so no threshold for {self.wanted}"
        precision, recall = self.on_validation.precision, self.on_validation.recall
        gives = f"precision {precision.value:.2%} of {precision.n} and recall {recall.value:.2%} of {recall.n}"
        if self.threshold is None:
            return f"{self.label}: no threshold reaches {self.wanted} on validation; the nearest has {gives}"
        return f"{self.label}: from {self.threshold:.4f} on, {gives} on validation ({self.wanted} wanted)"


def operating_threshold(validation: Validation, label: str, wanted: Wanted) -> OperatingThreshold:
    """Chooses the threshold that reaches the wanted precision at the highest recall, or the other way about.

    What is reached is what was counted: see its interval before relying on few images.

    Args:
        validation: answers on tracks that were held back from training.
        label: one of its labels.
        wanted: precision or recall, and how much of it.
    """
    index = validation.labels.index(label)
    if not (validation.truth == index).any():
        return OperatingThreshold(label, wanted, None, None)
    curve = precision_recall(validation, index)
    asked, other = curve.precision, curve.recall
    if wanted.aim == "recall":
        asked, other = other, asked
    points = range(len(curve.thresholds))
    reaching = [i for i in points if asked[i] >= wanted.value]
    best = max(reaching, key=lambda i: (other[i], asked[i])) if reaching else max(points, key=lambda i: asked[i])
    threshold = float(curve.thresholds[best])
    reached = _reached(validation, index, threshold)
    return OperatingThreshold(label, wanted, threshold if reaching else None, reached)


def _reached(answers: Answers, index: int, threshold: float) -> Reached:
    passing, true = answers.probabilities[:, index] >= threshold, answers.truth == index
    return Reached(Proportion.of(true[passing]), Proportion.of(passing[true]))
