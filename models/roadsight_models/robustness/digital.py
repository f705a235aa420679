"""What the way from sensor to network does: float64 [H, W, 3] in [0, 1] -> the same, not yet clipped.

Each follows `imagecorruptions` (Michaelis et al. 2019) draw by draw.
"""

import cv2
import numpy as np
import numpy.typing as npt

from roadsight_models.robustness.unit import Picture, to_pixels, to_unit

Indices = npt.NDArray[np.int_]


def contrast(picture: Picture, rng: np.random.Generator, keep: float) -> Picture:
    """Keeps this fraction of each value's distance from the mean of its channel."""
    mean = picture.mean(axis=(0, 1))
    return np.asarray((picture - mean) * keep + mean)


def elastic(picture: Picture, rng: np.random.Generator, strength: float) -> Picture:
    """Moves every pixel by a smooth random field; beyond the edge the picture is mirrored."""
    height, width = picture.shape[:2]
    sigmas = (0.01 * height, 0.01 * width)
    taps = [2 * int(3 * sigma + 0.5) + 1 for sigma in sigmas]

    def field() -> Picture:
        raw = rng.uniform(-0.005 * height, 0.005 * height, (height, width))
        smooth = cv2.GaussianBlur(raw, taps[::-1], sigmas[1], sigmaY=sigmas[0], borderType=cv2.BORDER_REFLECT)
        return np.asarray(smooth * strength, np.float64)

    across, down = field(), field()
    return _sampled(picture, np.arange(height)[:, None] + down, np.arange(width) + across)


def _sampled(picture: Picture, rows: Picture, columns: Picture) -> Picture:
    """Bilinear values of [H, W, 3] at float64 places [h, w]. OpenCV up to 4 would round the places to 1/32 px."""
    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    down, across = (rows - top)[..., None], (columns - left)[..., None]

    def mirrored(places: Indices, size: int) -> Indices:
        turn = places % (2 * size)
        return np.asarray(np.minimum(turn, 2 * size - 1 - turn))

    def along(row: Indices) -> Picture:
        here, beside = (picture[mirrored(row, len(picture)), mirrored(x, picture.shape[1])] for x in (left, left + 1))
        return np.asarray(here * (1 - across) + beside * across)

    return np.asarray(along(top) * (1 - down) + along(top + 1) * down)


def pixelate(picture: Picture, rng: np.random.Generator, scale: float) -> Picture:
    """Reduces to this fraction of its sides and enlarges again, in blocks.

    As Pillow's BOX does it, a block is the mean of whole pixels, those whose centre lies in it; first along the rows,
    then along the columns, with whole grey levels in between.
    """
    levels = to_pixels(picture).astype(np.float64)
    for axis in (1, 0):
        size = levels.shape[axis]
        blocks = max(1, int(size * scale))
        starts = np.floor(np.arange(blocks) * size / blocks + 0.5).astype(int)
        counts = np.diff(starts, append=size)
        means = np.floor(np.add.reduceat(levels, starts, axis) / np.expand_dims(counts, (1 - axis, 2)) + 0.5)
        # Summed up step by step: where a pixel's centre lies between two blocks, Pillow goes by the rounding error.
        places = np.cumsum(np.r_[0.5, np.ones(size - 1)] * (blocks / size))
        levels = np.take(means, places.astype(int), axis)
    return levels / 255


def jpeg(picture: Picture, rng: np.random.Generator, quality: int) -> Picture:
    """Compresses with 4:2:0 chroma and decodes."""
    bgr = np.ascontiguousarray(to_pixels(picture)[..., ::-1])
    _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return to_unit(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR_RGB), np.uint8))
