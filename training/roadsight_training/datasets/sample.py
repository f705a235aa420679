"""What every adapter yields: one record a labelled box, and how to take those of some classes or of one split.

Dataset --only, known_as--> Dataset --select(split, kind)--> one Sample a distinct image
        BadDataset                BadDataset
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from roadsight_models.regions import Box
from roadsight_training.errors import BadDataset

Kind = Literal["auto", "full", "roi", "full32"]
PREFERRED = ("full", "roi", "full32")  # what `auto` takes of an image that is stored more than once


@dataclass(frozen=True)
class Sample:
    """One labelled box in a stored picture; a frame with several boxes gives several samples."""

    path: str  # what `Dataset.read` reads
    index: int  # into `Dataset.labels`
    box: Box | None  # in pixels of the stored picture; None is the whole picture
    split: str
    kind: str  # how the image is stored: full (with margin), roi (cropped to its box), full32 (reduced)
    image: str  # samples with the same image show the same object in the same shot and count once
    group: str  # shots that must never be divided between training and validation: a track, a scene
    source: str
    side: float | None = None  # shorter side of the box in pixels of the picture as it was taken; None: as stored


@dataclass(frozen=True)
class Dataset:
    """A folder of labelled pictures, whatever its layout."""

    folder: Path
    labels: tuple[str, ...]
    samples: tuple[Sample, ...]
    read: Callable[[Sample], bytes]

    def only(self, labels: tuple[str, ...]) -> "Dataset":
        """The samples of these classes alone, which a recipe names; their indices refer to `labels`, in their order.

        Raises:
            BadDataset: a label that the data set does not have, with the nearest it has, or one that is named twice.
        """
        for label in labels:
            if label not in self.labels:
                near = get_close_matches(label, self.labels, n=1, cutoff=0.5)
                hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(self.labels)}"
                raise BadDataset(self.folder, f"unknown label {label!r}; {hint}")
            if labels.count(label) > 1:
                raise BadDataset(self.folder, f"the label {label!r} is asked for twice")
        return self.known_as(labels)

    def known_as(self, labels: tuple[str, ...]) -> "Dataset":
        """The samples whose class a model of these labels knows; the data set may lack some of them.

        Raises:
            BadDataset: it lacks them all.
        """
        new = {old: labels.index(label) for old, label in enumerate(self.labels) if label in labels}
        kept = tuple(replace(sample, index=new[sample.index]) for sample in self.samples if sample.index in new)
        if not kept:
            there, known = ", ".join(self.labels), ", ".join(labels)
            raise BadDataset(self.folder, f"nothing here is labelled {known}; there are: {there}")
        return replace(self, labels=labels, samples=kept)

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


def box_of(corners: Sequence[object]) -> Box:
    """The box that a file states: x1, y1, x2, y2 in pixels.

    Raises:
        ValueError: not four numbers, or the box is empty, inverted or not finite; says so.
    """
    try:
        box = Box(*(float(corner) for corner in corners))  # type: ignore[arg-type]  # TypeError is what is wanted
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"the box {list(corners)} is not four numbers") from error
    if not all(map(math.isfinite, box)) or box.shorter_side <= 0:
        raise ValueError(f"the box {list(corners)} is empty or not finite")
    return box


def _rank(kind: str) -> int:
    return PREFERRED.index(kind) if kind in PREFERRED else len(PREFERRED)
