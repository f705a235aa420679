"""What was proven, as JSON values; the page says nothing else.

Journal --read--> Certified --figures--> figures.json
        ValueError: a chunk is missing
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from roadsight_models.robustness.certificate import Smoothing
from roadsight_models.robustness.criterion import Flags, Indices
from roadsight_training.attacking.journal import Journal, Line
from roadsight_training.judging.intervals import Proportion

ABSTAINED = -1
STEP = 0.25  # of sigma, between two radii of the table

Plain = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Certified:
    """What is proven of N pictures."""

    header: Line
    truth: Indices  # [N]
    plain: Indices  # [N]: what the served session says of the clean pictures
    label: Indices  # [N]: what is proven, or ABSTAINED
    radius: npt.NDArray[np.float64]  # [N], l2 in pixel units; 0 where it abstained
    seconds: float

    @classmethod
    def read(cls, journal: Journal) -> Self:
        """Puts all chunks of a finished run in order."""
        if journal.pictures != journal.header["n"]:
            raise ValueError(f"{journal.folder}: the run is not finished")
        lines = [journal.done[chunk] for chunk in range(len(journal.done))]
        joined = {name: [one for line in lines for one in line[name]] for name in ("truth", "plain", "label", "radius")}
        return cls(
            header=journal.header,
            truth=np.array(joined["truth"], np.int64),
            plain=np.array(joined["plain"], np.int64),
            label=np.array([ABSTAINED if one is None else one for one in joined["label"]], np.int64),
            radius=np.array(joined["radius"], np.float64),
            seconds=sum(sum(seconds) for seconds in journal.seconds.values()),
        )

    @property
    def right(self) -> Flags:
        """Which of N pictures are proven to be what they are."""
        return np.asarray(self.label == self.truth)

    def certified(self, radius: float) -> Flags:
        """Which of them are, and nothing within so far changes that."""
        return self.right & (self.radius >= radius)

    @property
    def largest(self) -> float:
        """The largest radius that could have been proven."""
        run = self.header
        return Smoothing(run["sigma"], run["choosing"], run["samples"], run["alpha"]).largest_radius


def figures(certified: Certified, labels: Sequence[str]) -> Plain:
    """Puts everything into plain values.

    Args:
        certified: of a finished run.
        labels: of the bundle.
    """
    run, n = certified.header, len(certified.truth)
    proven = np.where(certified.right, certified.radius, 0)
    return {
        "run": run,
        "n": n,
        "plain": Proportion.of(certified.plain == certified.truth).plain("top1"),
        "smoothed": Proportion.of(certified.right).plain("certified"),
        "abstained": Proportion.of(certified.label == ABSTAINED).plain("share"),
        "curve": [_at(certified, radius) for radius in radii(certified)],
        "radius": {"mean": float(proven.mean()), "median": float(np.median(proven)), "largest": certified.largest},
        "per_class": {
            label: _of_class(certified, certified.truth == index)
            for index, label in enumerate(labels)
            if (certified.truth == index).any()
        },
        "spent": {"queries": 1 + run["choosing"] + run["samples"], "seconds": certified.seconds / n},
    }


def radii(certified: Certified) -> list[float]:
    """From 0 by a quarter of sigma to the largest that can be proven."""
    step = STEP * certified.header["sigma"]
    return [step * number for number in range(math.floor(certified.largest / step) + 1)]


def _at(certified: Certified, radius: float) -> Plain:
    linf = radius / math.sqrt(certified.header["values"])  # the largest ball of linf that lies within
    return {"radius": radius, "linf": linf, **Proportion.of(certified.certified(radius)).plain("certified")}


def _of_class(certified: Certified, rows: Flags) -> Plain:
    return {
        "n": int(rows.sum()),
        "plain": Proportion.of((certified.plain == certified.truth)[rows]).value,
        **Proportion.of(certified.right[rows]).plain("certified"),
        "median_radius": float(np.median(np.where(certified.right, certified.radius, 0)[rows])),
    }
