"""Samples -> pixels, through the one decode and the one crop that the service uses.

Sample --read--> bytes --frame.decode--> frame --box, reach--> Picture
       BadDataset      BadDataset              BadDataset
                                         frame --preprocess.crop--> uint8 [h, w, 3]

Consecutive samples of one frame share its decode, and of a frame only what is near a box is kept.
"""

import math
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from roadsight_models import frame, preprocess
from roadsight_models.errors import BadImage, BadRegion, TooLarge
from roadsight_models.frame import Pixels
from roadsight_models.manifest import CropRule
from roadsight_models.preprocess import GRID
from roadsight_models.regions import Box, Region, whole, within
from roadsight_training.datasets.sample import Dataset, Sample
from roadsight_training.errors import BadDataset

UNREADABLE = (BadImage, TooLarge, OSError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError)  # encrypted
SHOWN = 3  # damaged files that an error names


@dataclass(frozen=True)
class Picture:
    """A decoded picture, or the part of one that is near a labelled box."""

    pixels: Pixels  # uint8 [H, W, 3] RGB
    box: Box  # the tight box in these pixels, clipped at the frame
    index: int


@dataclass(frozen=True)
class Decoded:
    """What could be decoded, and what could not."""

    samples: tuple[Sample, ...]
    pictures: tuple[Picture, ...]  # one a sample, in the same order
    damaged: tuple[BadDataset, ...]  # one a file or box that was left out


def decode(dataset: Dataset, sample: Sample, reach: float = math.inf) -> Picture:
    """Decodes one picture.

    Args:
        dataset: reads the file.
        sample: what to decode.
        reach: how much to keep around the box, as a fraction of its sides; by default the whole picture.

    Raises:
        BadDataset: the file is missing or no picture, or the box lies outside it; names the file.
    """
    ((_, found),) = _pictures(dataset, (sample,))
    if isinstance(found, BadDataset):
        raise found
    return _near(found, reach)


def decode_all(
    dataset: Dataset, samples: Sequence[Sample], unreadable: float = 0.0, reach: float = math.inf
) -> Decoded:
    """Decodes many pictures; lists and leaves out the damaged ones.

    Args:
        dataset: reads the files.
        samples: what to decode; boxes of one frame should stand together.
        unreadable: the fraction of the samples that may be damaged.
        reach: how much to keep around each box, as a fraction of its sides; by default the whole picture.

    Raises:
        BadDataset: more than that are damaged, or all; says how many there were so far, and names the first.
    """
    kept: list[tuple[Sample, Picture]] = []
    damaged: list[BadDataset] = []
    lost = 0
    for sample, found in _pictures(dataset, samples):
        if isinstance(found, Picture):
            kept.append((sample, _near(found, reach)))
            continue
        lost += 1
        if found not in damaged[-1:]:
            damaged.append(found)
        if lost / len(samples) > unreadable or lost == len(samples):
            first = "; ".join(str(error) for error in damaged[:SHOWN])
            why = f"{lost} of {len(samples)} samples are damaged, more than the {unreadable:.2%} that may be: {first}"
            raise BadDataset(dataset.folder, why)
    return Decoded(tuple(sample for sample, _ in kept), tuple(picture for _, picture in kept), tuple(damaged))


def crops(dataset: Dataset, samples: Sequence[Sample], rule: CropRule) -> Pixels:
    """Cuts every sample by the bundle's crop rule: uint8 [N, h, w, 3]. Boxes under `min_side` are cut, too.

    Raises:
        BadDataset: a picture can't be decoded; names the file.
    """
    out = np.empty((len(samples), rule.height, rule.width, 3), np.uint8)
    for row, (_, found) in zip(out, _pictures(dataset, samples), strict=True):
        if isinstance(found, BadDataset):
            raise found
        preprocess.crop(found.pixels, found.box, rule, out=row)
    return out


def _pictures(dataset: Dataset, samples: Sequence[Sample]) -> Iterator[tuple[Sample, Picture | BadDataset]]:
    """Each sample with its whole frame, or with what is wrong: one error for all boxes of a damaged frame."""
    for path, group in groupby(samples, key=lambda sample: sample.path):
        boxes = tuple(group)
        try:
            pixels = frame.decode(dataset.read(boxes[0])).pixels
        except UNREADABLE as error:
            damage = BadDataset(dataset.folder / path, str(error))
            yield from ((sample, damage) for sample in boxes)
            continue
        for sample in boxes:
            yield sample, _placed(dataset, sample, pixels)


def _placed(dataset: Dataset, sample: Sample, pixels: Pixels) -> Picture | BadDataset:
    height, width, _ = pixels.shape
    region = whole(width, height) if sample.box is None else Region(sample.box)
    try:
        (inside,) = within((region,), width, height)
    except BadRegion as error:
        return BadDataset(dataset.folder / sample.path, str(error))
    return Picture(pixels, inside.box, sample.index)


def _near(picture: Picture, reach: float) -> Picture:
    """The part of the picture within reach of the box, and what interpolation and the grid of large crops need more."""
    if not math.isfinite(reach):
        return picture
    height, width, _ = picture.pixels.shape
    x1, y1, x2, y2 = picture.box
    dx, dy = reach * (x2 - x1) + GRID, reach * (y2 - y1) + GRID
    left, top = (math.floor(max(start, 0) / GRID) * GRID for start in (x1 - dx, y1 - dy))
    right, bottom = (min(math.ceil(end / GRID) * GRID, side) for end, side in ((x2 + dx, width), (y2 + dy, height)))
    if (left, top, right, bottom) == (0, 0, width, height):
        return picture
    # A copy, so that the frame can be forgotten.
    pixels = picture.pixels[top:bottom, left:right].copy()
    return replace(picture, pixels=pixels, box=Box(x1 - left, y1 - top, x2 - left, y2 - top))
