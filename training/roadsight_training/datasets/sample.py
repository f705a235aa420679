"""What every adapter yields: one record a picture, and the choices that are made over records.

Dataset.samples --select(split, kind)--> one Sample a distinct image --hold_back--> training part, validation part
                BadDataset                                           BadSplit
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from roadsight_models.regions import Box
from roadsight_training.errors import BadDataset, BadSplit

Kind = Literal["auto", "full", "roi", "full32"]
PREFERRED = ("full", "roi", "full32")  # what `auto` takes of an image that is stored more than once


@dataclass(frozen=True)
class Sample:
    """One stored picture with one labelled box."""

    path: str  # what `Dataset.read` reads
    index: int  # into `Dataset.labels`
    box: Box | None  # in pixels of the stored picture; None is the whole picture
    split: str
    kind: str  # how the image is stored: full (with margin), roi (cropped to its box), full32 (reduced)
    image: str  # rows with the same image show the same shot and count once
    group: str  # shots that must never be divided between training and validation: a track, a scene
    source: str


@dataclass(frozen=True)
class Dataset:
    """A folder of labelled pictures, whatever its layout."""

    folder: Path
    labels: tuple[str, ...]
    samples: tuple[Sample, ...]
    read: Callable[[Sample], bytes]

    def select(self, split: str, kind: Kind = "auto") -> tuple[Sample, ...]:
        """Takes each distinct image of a split once, in the order stored.

        Args:
            split: a free string; whatever the data set uses.
            kind: `auto` takes of each image the first present of full, roi, full32; else that kind only.

        Raises:
            BadDataset: no row is left; names the splits and kinds there are.
        """
        rows = [sample for sample in self.samples if sample.split == split and kind in ("auto", sample.kind)]
        if not rows:
            there = sorted({f"{sample.split}/{sample.kind}" for sample in self.samples})
            raise BadDataset(self.folder, f"no row of split {split!r} and kind {kind!r}; there are: {', '.join(there)}")
        best: dict[str, Sample] = {}
        for sample in rows:
            chosen = best.setdefault(sample.image, sample)
            if _rank(sample.kind) < _rank(chosen.kind):
                best[sample.image] = sample
        return tuple(best.values())


def _rank(kind: str) -> int:
    return PREFERRED.index(kind) if kind in PREFERRED else len(PREFERRED)


def hold_back(samples: Sequence[Sample], fraction: float, seed: int) -> tuple[tuple[Sample, ...], tuple[Sample, ...]]:
    """Takes whole groups out for validation, from every class about `fraction` of its groups and at least one.

    A group counts to the class of its first sample; a class of a single group keeps it for training.

    Returns:
        training part, validation part; no group is in both.

    Raises:
        BadSplit: nothing could be held back, because no class has two groups.
    """
    by_class: dict[int, list[str]] = defaultdict(list)
    for group, index in _first_index(samples).items():
        by_class[index].append(group)
    rng = np.random.default_rng(seed)
    held: set[str] = set()
    for _, groups in sorted(by_class.items()):
        count = min(max(1, round(fraction * len(groups))), len(groups) - 1)
        held.update(groups[i] for i in rng.permutation(len(groups))[:count])
    if not held:
        raise BadSplit("no class has two tracks or groups, so none can be held back for validation")
    train = tuple(sample for sample in samples if sample.group not in held)
    return train, tuple(sample for sample in samples if sample.group in held)


def _first_index(samples: Iterable[Sample]) -> dict[str, int]:
    first: dict[str, int] = {}
    for sample in samples:
        first.setdefault(sample.group, sample.index)
    return first
