"""How sure a figure is: two kinds of 95 % interval.

hits of n             --Proportion--> Wilson's interval: takes images as independent
truth, guess, tracks  --between_tracks--> bootstrap over tracks: what other signs of the same kinds would have given
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest  # type: ignore[import-untyped]
from sklearn.metrics import precision_recall_fscore_support  # type: ignore[import-untyped]

RESAMPLES = 500
SEED = 0

Indices = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Interval = tuple[float, float]


@dataclass(frozen=True)
class Proportion:
    """How many of how many, with the Wilson 95 % interval (Wilson 1927)."""

    hits: int
    n: int

    @classmethod
    def of(cls, flags: Flags) -> Self:
        """Counts bool [N]."""
        return cls(int(flags.sum()), len(flags))

    @property
    def value(self) -> float:
        """The fraction; 0 of nothing."""
        return self.hits / self.n if self.n else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper end. Images of a track are alike, so between tracks the spread is wider than this."""
        if not self.n:
            return 0.0, 1.0
        ends = binomtest(self.hits, self.n).proportion_ci(0.95, method="wilson")
        return float(ends.low), float(ends.high)

    def plain(self, name: str) -> dict[str, object]:
        """As JSON values, its value under this name; null of nothing."""
        return {name: self.value if self.n else None, "interval": list(self.interval), "n": self.n}


def between_tracks(truth: Indices, guess: Indices, groups: Sequence[str], counting: Indices) -> dict[str, Interval]:
    """Bootstraps over tracks within each class; percentile interval (Davison and Hinkley 1997, sections 3.8, 5.3).

    Images of a track show one and the same sign, so tracks, not images, are what was drawn independently. A class of
    one track adds no spread: its interval is too narrow. A track with several classes (a scene) counts to that of its
    last image; a class that a resample lacks is not in its averages.

    Args:
        truth: int64 [N], labels.
        guess: int64 [N], predicted labels.
        groups: N names; equal ones belong to one track.
        counting: the classes that `macro_f1` and `mean_recall` are over.

    Returns:
        Lower and upper end of `top1`, `macro_f1` and `mean_recall`.
    """
    rng = np.random.default_rng(SEED)
    tracks, track_of = np.unique(np.array(groups), return_inverse=True)
    class_of = np.zeros(len(tracks), np.int64)
    class_of[track_of] = truth
    # Images of a track with the same guess are told by one row and their number: some 20 times fewer rows.
    (truth, guess, track_of), images = np.unique(np.stack([truth, guess, track_of]), axis=1, return_counts=True)
    drawn = []
    for _ in range(RESAMPLES):
        times = np.zeros(len(tracks))
        for label in np.unique(class_of):
            members = np.flatnonzero(class_of == label)
            np.add.at(times, rng.choice(members, len(members)), 1)
        weights = times[track_of] * images
        _, recall, f1, _ = precision_recall_fscore_support(
            truth, guess, labels=counting, average="macro", sample_weight=weights, zero_division=np.nan
        )
        drawn.append((np.average(guess == truth, weights=weights), f1, recall))
    low, high = np.quantile(drawn, (0.025, 0.975), axis=0)
    names = ("top1", "macro_f1", "mean_recall")
    return {name: (float(a), float(b)) for name, a, b in zip(names, low, high, strict=True)}
