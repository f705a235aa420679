"""What the frames of a track say together, beside what each says alone.

probabilities [N, K], samples --Pool, track by track, frame by frame--> Compared
                              BadAnswers (there are no tracks)
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from roadsight_models.fusion import FORGETTING, Pool
from roadsight_training.datasets import Sample
from roadsight_training.errors import BadAnswers
from roadsight_training.judging.answers import Answers, Probabilities
from roadsight_training.judging.intervals import Flags, Indices, Proportion

AFTER = (1, 2, 3, 5, 10, 20, 30)  # frames


@dataclass(frozen=True)
class Answered:
    """How one way to answer did."""

    right: Proportion
    sure: Proportion  # not uncertain, by the threshold of single frames
    right_of_sure: Proportion


@dataclass(frozen=True)
class Row:
    """Some frames, answered alone and with those before them."""

    alone: Answered
    fused: Answered
    mended: int  # wrong alone, right fused
    spoilt: int  # the other way round


@dataclass(frozen=True)
class Compared:
    """All frames, and the n-th of every track that is so long."""

    tracks: int
    all: Row
    after: dict[int, Row]

    def figures(self) -> dict[str, object]:
        """As JSON values."""
        after = {str(frames): _plain(row) for frames, row in self.after.items()}
        return {"tracks": self.tracks, "all": _plain(self.all), "after": after}


def compare(answers: Answers, uncertain_below: float, forgetting: float = FORGETTING) -> Compared:
    """Fuses each track's frames in the order of their numbers.

    Args:
        answers: whose samples' groups are tracks.
        uncertain_below: the threshold that the manifest publishes.
        forgetting: see `fusion`.

    Raises:
        BadAnswers: no group has two samples.
    """
    fused, place = _fused(answers.probabilities, answers.samples, forgetting)
    if place.max() == 0:
        raise BadAnswers("no track has two frames: there is nothing to fuse")

    def row(chosen: Flags) -> Row:
        truth = answers.truth[chosen]
        alone, together = answers.probabilities[chosen], fused[chosen]
        was, now = alone.argmax(axis=1) == truth, together.argmax(axis=1) == truth
        both = _answered(alone, truth, uncertain_below), _answered(together, truth, uncertain_below)
        return Row(*both, int((now & ~was).sum()), int((was & ~now).sum()))

    after = {frames: row(place == frames - 1) for frames in AFTER if (place == frames - 1).any()}
    return Compared(int((place == 0).sum()), row(place >= 0), after)


def _fused(probabilities: Probabilities, samples: Sequence[Sample], forgetting: float) -> tuple[Probabilities, Indices]:
    """The fused probabilities [N, K], and which frame of its track each is, from 0."""
    pools: dict[str, Pool] = defaultdict(lambda: Pool(forgetting))
    fused, place = np.empty_like(probabilities), np.empty(len(samples), np.int64)
    # A track may be stored in two kinds, one behind the other; the name of a shot ends with its number.
    for i in sorted(range(len(samples)), key=lambda i: _numbers(samples[i].image)):
        pool = pools[samples[i].group]
        place[i] = pool.frames
        fused[i] = pool.add(probabilities[i].tolist())
    return fused, place


def _numbers(name: str) -> list[int]:
    return [int(digits) for digits in re.findall("[0-9]+", name)]


def _answered(probabilities: Probabilities, truth: Indices, uncertain_below: float) -> Answered:
    right = probabilities.argmax(axis=1) == truth
    sure = probabilities.max(axis=1) >= uncertain_below
    return Answered(Proportion.of(right), Proportion.of(sure), Proportion.of(right[sure]))


def _plain(row: Row) -> dict[str, object]:
    def answered(one: Answered) -> dict[str, object]:
        return {
            "top1": one.right.plain("value"),
            "sure": one.sure.plain("value"),
            "right of sure": one.right_of_sure.plain("value"),
        }

    return {"alone": answered(row.alone), "fused": answered(row.fused), "mended": row.mended, "spoilt": row.spoilt}
