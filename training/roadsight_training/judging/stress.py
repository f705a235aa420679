"""How top-1 holds under what a camera, its codec and a careless box do to a picture.

    Pictures --a Stress, a level--> Pictures --crop--> frames --Session--> Stressed (top-1 of those that could be made)
    frames --corrupt--> frames -------------------------^

Corruptions are applied to the crop at the network's input size, so that each is as strong for a small sign as for a
large one; their parameters are ImageNet-C's, made for pictures of 224 px, and harsh at 64. Nothing is ever trained on
or chosen by what is measured here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from roadsight_models.frame import Pixels
from roadsight_models.manifest import CropRule
from roadsight_models.regions import Box
from roadsight_models.robustness.corruptions import CORRUPTIONS, SEVERITIES, corrupt
from roadsight_models.session import Session
from roadsight_training.datasets import Dataset, Sample
from roadsight_training.datasets.pictures import Picture, decode_all
from roadsight_training.judging.evaluation import infer
from roadsight_training.judging.intervals import Flags, Proportion
from roadsight_training.loading import crop_all

SEED = 0
MARGIN = "margin"
WIDEST = 0.4  # margin, a fraction of the box's sides


@dataclass(frozen=True)
class Stress:
    """Something done to a picture with its box, at several levels."""

    levels: tuple[float, ...]
    unit: str
    change: Callable[[Picture, float, CropRule], Picture | None]  # None: this picture can't show it


@dataclass(frozen=True)
class Stressed:
    """Top-1 under one stress at one level, and of the same pictures as they are."""

    name: str
    level: float
    unit: str
    top1: Proportion
    undisturbed: Proportion


def margin(picture: Picture, fraction: float, rule: CropRule) -> Picture | None:
    """The box grown by a fraction of its sides on each side, or shrunk; None where the picture ends before its crop."""
    height, width = picture.pixels.shape[:2]
    box = _grown(picture.box, fraction)
    crop = _grown(box, rule.context)
    if min(crop.x1, crop.y1, width - crop.x2, height - crop.y2) <= -1:
        return None
    return replace(picture, box=Box(max(box.x1, 0), max(box.y1, 0), min(box.x2, width), min(box.y2, height)))


def _grown(box: Box, fraction: float) -> Box:
    dx, dy = fraction * (box.x2 - box.x1), fraction * (box.y2 - box.y1)
    return Box(box.x1 - dx, box.y1 - dy, box.x2 + dx, box.y2 + dy)


def reduced(picture: Picture, side: float, rule: CropRule) -> Picture | None:
    """The picture as small as if the box's shorter side had been taken with so many pixels; None where it was fewer."""
    x1, y1, x2, y2 = picture.box
    scale = side / min(x2 - x1, y2 - y1)
    if scale >= 1:
        return None
    height, width = (max(round(length * scale), 1) for length in picture.pixels.shape[:2])
    pixels = np.asarray(cv2.resize(picture.pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    wide, high = width / picture.pixels.shape[1], height / picture.pixels.shape[0]
    return replace(picture, pixels=pixels, box=Box(x1 * wide, y1 * high, x2 * wide, y2 * high))


def compressed(picture: Picture, quality: float, rule: CropRule) -> Picture:
    """The picture through JPEG."""
    _, data = cv2.imencode(".jpg", picture.pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, int(quality)])
    return replace(picture, pixels=np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR_RGB), np.uint8))


STRESSES: Mapping[str, Stress] = {
    MARGIN: Stress((-0.1, -0.05, 0.05, 0.1, 0.2, 0.3, WIDEST), "of the box's sides", margin),
    "shorter side": Stress((32, 24, 20, 16, 12), "px", reduced),
    "jpeg": Stress((70, 50, 30, 10), "quality", compressed),
}
EVERY = (*STRESSES, *CORRUPTIONS)


def stress(session: Session, pictures: Sequence[Picture], names: Sequence[str] = EVERY) -> Iterator[Stressed]:
    """Measures a session under stresses and corruptions, one after the other.

    Args:
        session: of the bundle.
        pictures: N of them, with their true index.
        names: of `STRESSES` and `CORRUPTIONS`.

    Raises:
        ValueError: an unknown name.
    """
    rule = session.manifest.input
    frames = crop_all(pictures, rule)
    right = _right(session, frames, pictures)
    for name in names:
        if name in STRESSES:
            yield from _changed(session, pictures, right, name)
            continue
        for severity in SEVERITIES:
            top1 = _top1(session, corrupted(frames, name, severity), pictures)
            yield Stressed(name, severity, "severity", top1, Proportion.of(right))


def _changed(session: Session, pictures: Sequence[Picture], right: Flags, name: str) -> Iterator[Stressed]:
    """One of `STRESSES`, on the pictures that can show it."""
    one, rule = STRESSES[name], session.manifest.input
    for level in one.levels:
        changed = [one.change(picture, level, rule) for picture in pictures]
        kept = [new for new in changed if new is not None]
        if kept:
            same = Proportion.of(right[[new is not None for new in changed]])
            top1 = _top1(session, crop_all(kept, rule), kept)
            yield Stressed(name, level, one.unit, top1, same)


def some(
    dataset: Dataset, samples: Sequence[Sample], n: int, rule: CropRule, unreadable: float = 0
) -> Sequence[Picture]:
    """Decodes n of the samples at most, drawn once and for all, with what is around their boxes.

    Raises:
        BadDataset: a larger share than `unreadable` can't be decoded.
    """
    chosen = sorted(np.random.default_rng(SEED).permutation(len(samples))[:n])
    around = WIDEST + rule.context * (1 + 2 * WIDEST)  # the widest margin, with its context
    return decode_all(dataset, [samples[row] for row in chosen], unreadable, around).pictures


def corrupted(frames: Pixels, name: str, severity: int) -> Pixels:
    """Corrupts uint8 [N, h, w, 3], each frame by a generator of its own, the same every time."""
    rngs = (np.random.default_rng((SEED, row)) for row in range(len(frames)))
    return np.stack([corrupt(frame, name, severity, rng) for frame, rng in zip(frames, rngs, strict=True)])


def _right(session: Session, frames: Pixels, pictures: Sequence[Picture]) -> Flags:
    truth = np.array([picture.index for picture in pictures])
    return np.asarray(infer(session, frames).argmax(1) == truth)


def _top1(session: Session, frames: Pixels, pictures: Sequence[Picture]) -> Proportion:
    return Proportion.of(_right(session, frames, pictures))
