"""The only preprocessing there is: decoded pixels and tight boxes -> the network's input.

    Header + Region(s) + CropRule(s) --reduction--> how much smaller a JPEG may be decoded
    Frame + Region(s) + CropRule --cut--> Crops (uint8 [J, h, w, 3], and why a region can't be judged)

Normalisation is inside the graph; evaluation, parity check, attack and service all come through here.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from roadsight_models.frame import Frame, Pixels
from roadsight_models.headers import Header
from roadsight_models.manifest import CropRule
from roadsight_models.regions import Box, Region

TOO_SMALL = "region_too_small"
REDUCTIONS = (8, 4, 2)
GRID = max(REDUCTIONS)  # a part of a picture is cropped as the whole is if it begins at a multiple of this
ENOUGH = 1.5  # decoded pixels for each of the input, per side: an average over so many hides how they came about


@dataclass(frozen=True)
class Crops:
    """What a session gets to see of a frame."""

    pixels: Pixels  # uint8 [J, h, w, 3] RGB: the regions that can be judged, in order
    reasons: tuple[str | None, ...]  # per region: None, or why it is not among them


class Window(NamedTuple):
    """What a crop shows, in whole pixels of the picture; right and bottom exclusive."""

    x1: int
    y1: int
    x2: int
    y2: int

    def rounded(self, by: int) -> "Window":
        """The nearest window on a grid of `by` pixels; it may end half of that beyond the picture."""
        return Window(*(_nearest(side / by) * by for side in self))

    def within(self, width: int, height: int) -> "Window":
        """What of it lies in a picture of width x height."""
        return Window(self.x1, self.y1, min(self.x2, width), min(self.y2, height))

    def has(self, pixels: float, rule: CropRule) -> bool:
        """Whether it has so many pixels for each of the input, across and down."""
        return self.x2 - self.x1 >= pixels * rule.width and self.y2 - self.y1 >= pixels * rule.height


def cut(frame: Frame, regions: Sequence[Region], rule: CropRule) -> Crops:
    """Cuts the regions out of a frame by the bundle's rule. Regions must lie within the frame."""
    reasons = tuple(None if _is_judged(region, rule) else TOO_SMALL for region in regions)
    judged = [region for region, reason in zip(regions, reasons, strict=True) if reason is None]
    pixels = np.empty((len(judged), rule.height, rule.width, 3), np.uint8)
    for row, region in zip(pixels, judged, strict=True):
        _crop(frame, region.box, rule, row)
    return Crops(pixels, reasons)


def reduction(header: Header, regions: Sequence[Region], rules: Sequence[CropRule]) -> int:
    """How much smaller a picture may be decoded, so that no crop changes.

    Args:
        header: of the picture.
        regions: within the picture.
        rules: each region is cut by each of them.

    Returns:
        1, 2, 4 or 8: the least that a window of them allows.
    """
    allowed = (
        _window(region.box, rule, header.width, header.height)[1]
        for rule in rules
        for region in regions
        if _is_judged(region, rule)
    )
    return min(allowed, default=REDUCTIONS[0])


def crop(pixels: Pixels, box: Box, rule: CropRule, out: Pixels | None = None) -> Pixels:
    """Grows the box by the rule's context, clips it at the picture and resizes.

    Args:
        pixels: uint8 [H, W, 3].
        box: a tight box that meets the picture.
        rule: context, input size and resize rule.
        out: uint8 [h, w, 3] to write into.

    Returns:
        uint8 [h, w, 3].
    """
    return _crop(Frame(pixels, pixels.shape[1], pixels.shape[0]), box, rule, out)


def pixel_window(box: Box, context: float, width: int, height: int) -> Window:
    """The whole pixels that a box with its context covers, at least one, clipped at a picture of width x height."""
    dx, dy = context * (box.x2 - box.x1), context * (box.y2 - box.y1)
    x1 = min(max(_nearest(box.x1 - dx), 0), width - 1)
    y1 = min(max(_nearest(box.y1 - dy), 0), height - 1)
    x2 = min(max(_nearest(box.x2 + dx), x1 + 1), width)
    y2 = min(max(_nearest(box.y2 + dy), y1 + 1), height)
    return Window(x1, y1, x2, y2)


def _window(box: Box, rule: CropRule, width: int, height: int) -> tuple[Window, int]:
    """What a crop is taken from, and how much smaller that may be decoded.

    Where there are pixels enough for that, it begins and ends with a pixel of the smaller picture: the crop is the same
    however large the frame was decoded for its neighbours. That moves it by a third of a pixel of the input at most.
    """
    window = pixel_window(box, rule.context, width, height)
    for by in REDUCTIONS:
        # Whole pixels of the smaller picture only: what the last one would show lies in part beyond this one.
        rounded = window.rounded(by).within(width // by * by, height // by * by)
        if rounded.has(ENOUGH * by, rule):
            return rounded, by
    return window, 1


def _crop(frame: Frame, box: Box, rule: CropRule, out: Pixels | None) -> Pixels:
    (x1, y1, x2, y2), _ = _window(box, rule, frame.width, frame.height)
    by = frame.reduction
    pixels = frame.pixels[y1 // by : y2 // by, x1 // by : x2 // by]
    shrinks = pixels.shape[1] >= rule.width and pixels.shape[0] >= rule.height
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(pixels, (rule.width, rule.height), dst=out, interpolation=how).astype(np.uint8, copy=False)


def _is_judged(region: Region, rule: CropRule) -> bool:
    return region.box.shorter_side >= rule.min_side


def _nearest(coordinate: float) -> int:
    return math.floor(coordinate + 0.5)
