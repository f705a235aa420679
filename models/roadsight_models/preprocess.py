"""The only preprocessing there is: decoded pixels and tight boxes -> the network's input.

    Header + Region(s) + CropRule(s) --reduction--> how much smaller a JPEG may be decoded
    Frame + Region(s) + CropRule --cut--> Crops (uint8 [J, h, w, 3], and why a region can't be judged)

Normalisation is inside the graph; evaluation, parity check, attack and service all come through here.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from roadsight_models.frame import Frame, Pixels
from roadsight_models.headers import Header
from roadsight_models.manifest import CropRule
from roadsight_models.regions import Box, Region

TOO_SMALL = "region_too_small"
REDUCTIONS = (8, 4, 2)
ENOUGH = 2  # decoded pixels for each of the input, per side: averaging over so many hides how they came about


@dataclass(frozen=True)
class Crops:
    """What a session gets to see of a frame."""

    pixels: Pixels  # uint8 [J, h, w, 3] RGB: the regions that can be judged, in order
    reasons: tuple[str | None, ...]  # per region: None, or why it is not among them


def cut(frame: Frame, regions: Sequence[Region], rule: CropRule) -> Crops:
    """Cuts the regions out of a frame by the bundle's rule. Regions must lie within the frame."""
    reasons = tuple(None if _is_judged(region, rule) else TOO_SMALL for region in regions)
    judged = [region for region, reason in zip(regions, reasons, strict=True) if reason is None]
    pixels = np.empty((len(judged), rule.height, rule.width, 3), np.uint8)
    for row, region in zip(pixels, judged, strict=True):
        crop(frame.pixels, Box(*(side / frame.reduction for side in region.box)), rule, out=row)
    return Crops(pixels, reasons)


def reduction(header: Header, regions: Sequence[Region], rules: Sequence[CropRule]) -> int:
    """How much smaller a picture may be decoded so that every crop is still an average over enough pixels.

    Args:
        header: of the picture.
        regions: within the picture.
        rules: each region is cut by each of them.

    Returns:
        1, 2, 4 or 8: the largest that leaves every window twice the sides of the input, or more.
    """
    room = min(
        (
            min((x2 - x1) / rule.width, (y2 - y1) / rule.height)
            for rule in rules
            for region in regions
            if _is_judged(region, rule)
            for x1, y1, x2, y2 in [pixel_window(region.box, rule.context, header.width, header.height)]
        ),
        default=math.inf,
    )
    return next((by for by in REDUCTIONS if room >= ENOUGH * by), 1)


def _is_judged(region: Region, rule: CropRule) -> bool:
    return region.box.shorter_side >= rule.min_side


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
    x1, y1, x2, y2 = pixel_window(box, rule.context, pixels.shape[1], pixels.shape[0])
    window = pixels[y1:y2, x1:x2]
    shrinks = x2 - x1 >= rule.width and y2 - y1 >= rule.height
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(window, (rule.width, rule.height), dst=out, interpolation=how).astype(np.uint8, copy=False)


def pixel_window(box: Box, context: float, width: int, height: int) -> tuple[int, int, int, int]:
    """The whole pixels that a box with its context covers, at least one, clipped at a picture of width x height."""
    dx, dy = context * (box.x2 - box.x1), context * (box.y2 - box.y1)
    x1 = min(max(_nearest(box.x1 - dx), 0), width - 1)
    y1 = min(max(_nearest(box.y1 - dy), 0), height - 1)
    x2 = min(max(_nearest(box.x2 + dx), x1 + 1), width)
    y2 = min(max(_nearest(box.y2 + dy), y1 + 1), height)
    return x1, y1, x2, y2


def _nearest(coordinate: float) -> int:
    return math.floor(coordinate + 0.5)
