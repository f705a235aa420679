"""Where in a picture a training crop is cut.

Pictures --quadrilaterals--> float32 [N, 4, 2] --warp--> uint8 [N, h, w, 3]

Margin, shift, zoom, rotation, shear and perspective together are one warp a picture, straight from the stored pixels
or, where the crop is much smaller, from their averages.
"""

import math
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from roadsight_models.frame import Pixels
from roadsight_models.manifest import CropRule
from roadsight_training.datasets.pictures import Picture
from roadsight_training.recipe import Augment

Corners = npt.NDArray[np.float32]  # [..., 4, 2]: x, y of top left, top right, bottom right, bottom left
Fractions = npt.NDArray[np.float64]
SQUARE = np.array(
    [[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float64
)  # in half sides, so a fraction of a side counts twice


def quadrilaterals(pictures: Sequence[Picture], options: Augment, rule: CropRule, rng: np.random.Generator) -> Corners:
    """Draws for each picture the quadrilateral in it that becomes the crop: float32 [N, 4, 2], in its pixels.

    The margin is added to what the crop rule takes, and clipped at the picture as the rule clips its context.
    """
    n = len(pictures)
    boxes = np.array([picture.box for picture in pictures], np.float64)
    sizes = np.array([picture.pixels.shape[1::-1] for picture in pictures])
    sides = boxes[:, 2:] - boxes[:, :2]
    added = rule.context + (1 + 2 * rule.context) * _margins(options.margin, n, rng)
    first = np.maximum(boxes[:, :2] - added[:, :2] * sides, 0)
    last = np.minimum(boxes[:, 2:] + added[:, 2:] * sides, sizes)
    corners = SQUARE @ _distortions(options, n, rng) + rng.uniform(-2, 2, (n, 4, 2)) * options.perspective
    corners += rng.uniform(-2, 2, (n, 1, 2)) * options.translate
    placed = corners * ((last - first) / 2)[:, None] + ((first + last) / 2)[:, None]
    return np.asarray(placed - 0.5, np.float32)


def _margins(limits: tuple[float, float], n: int, rng: np.random.Generator) -> Fractions:
    """Left, top, right, bottom: [N, 4]; zero is drawn most often, because a tight box is what a client sends."""
    low, high = limits
    return rng.triangular(low, min(max(0.0, low), high), high, (n, 4)) if low < high else np.full((n, 4), low)


def _distortions(options: Augment, n: int, rng: np.random.Generator) -> Fractions:
    """Rotation, shear and zoom as matrices [N, 2, 2] that rows x, y are multiplied by."""
    most = np.radians([[options.rotate_degrees], [options.shear_degrees], [options.shear_degrees]])
    angle, lean_x, lean_y = rng.uniform(-1, 1, (3, n)) * most
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    lean = np.array([[np.ones(n), np.tan(lean_y)], [np.tan(lean_x), np.ones(n)]])
    zoom = (1 + options.zoom) ** rng.uniform(-1, 1, n)
    return np.asarray(np.einsum("ijn,jkn,n->nik", lean, turn, zoom))


def reach(options: Augment, rule: CropRule) -> float:
    """How far outside the tight box a training or evaluation crop can ever see, as a fraction of the box's sides.

    An upper bound, on which `quadrilaterals` must not gain; what interpolation takes from the next pixel is not in it.
    """
    angle, lean = math.radians(options.rotate_degrees), math.radians(options.shear_degrees)
    corner = (math.cos(angle) + math.sin(angle)) * (1 + math.tan(lean)) * (1 + options.zoom)
    corner += 2 * options.perspective + 2 * options.translate
    widest = (1 + 2 * rule.context) * (1 + 2 * max(options.margin[1], 0))
    return max((widest * corner - 1) / 2, rule.context)  # which rounding could lose


def warp(pictures: Sequence[Picture], corners: Corners, rule: CropRule) -> Pixels:
    """Resamples the quadrilaterals float32 [N, 4, 2] to uint8 [N, h, w, 3]; the picture's sides go on beyond it."""
    target = ((SQUARE + 1) / 2 * (rule.width, rule.height) - 0.5).astype(np.float32)
    out = np.empty((len(pictures), rule.height, rule.width, 3), np.uint8)
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    for row, picture, quadrilateral in zip(out, pictures, corners, strict=True):
        pixels, placed = _reduced(picture.pixels, quadrilateral, rule)
        matrix = cv2.getPerspectiveTransform(target, placed)
        size = rule.width, rule.height
        cv2.warpPerspective(pixels, matrix, size, dst=row, flags=how, borderMode=cv2.BORDER_REPLICATE)
    return out


def _reduced(pixels: Pixels, corners: Corners, rule: CropRule) -> tuple[Pixels, Corners]:
    """Averages what is at least twice as large as the crop, as evaluation does; the warp alone would skip pixels."""
    left, top, right, bottom = np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1)
    factor = int(min(max(left, right) / rule.height, max(top, bottom) / rule.width))
    if factor < 2:
        return pixels, corners
    whole = np.array(pixels.shape[1::-1])
    first = np.clip(np.floor(corners.min(0)).astype(int) - factor, 0, whole - 1)
    last = np.clip(np.ceil(corners.max(0)).astype(int) + 1 + factor, first + 1, whole)
    size = np.maximum((last - first) // factor, 1)
    window = pixels[first[1] : last[1], first[0] : last[0]]
    small = cv2.resize(window, (int(size[0]), int(size[1])), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    return small, ((corners + 0.5 - first) * (size / (last - first)) - 0.5).astype(np.float32)
