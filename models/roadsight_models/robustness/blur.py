"""What lens and motion take away: float64 [H, W, 3] in [0, 1] -> the same, blurred.

Lengths are in pixels of the picture as it is. Each follows `imagecorruptions` (Michaelis et al. 2019) draw by draw.
"""

import math

import cv2
import numpy as np

from roadsight_models.robustness.unit import Picture


def defocus(picture: Picture, rng: np.random.Generator, radius: int, soften: float) -> Picture:
    """Averages over a disc, whose edge is softened by a Gaussian of `soften` px."""
    reach, taps = (8, 3) if radius <= 8 else (radius, 5)
    line = np.arange(-reach, reach + 1) ** 2
    disc = (line[:, None] + line <= radius**2).astype(np.float32)
    kernel = cv2.GaussianBlur(disc / disc.sum(), (taps, taps), soften)
    return np.asarray(cv2.filter2D(picture, -1, kernel), np.float64)


def glass(picture: Picture, rng: np.random.Generator, sigma: float, reach: int, rounds: int) -> Picture:
    """Frosted glass: blurs, takes each pixel from a place up to `reach` away, `rounds` times, and blurs again.

    ImageNet-C means to swap two pixels, but its swap of numpy views copies one over the other; so does this.
    """
    height, width = picture.shape[:2]
    soft = np.floor(_soften(picture, sigma) * 255) / 255
    order = list(range(height * width))  # a list: the copies follow one another, and numpy is slow at single values
    rows, columns = (np.arange(size - reach, reach, -1) for size in (height, width))
    places = (rows[:, None] * width + columns).ravel()
    for _ in range(rounds):
        across, down = rng.integers(-reach, reach, (places.size, 2)).T
        sources = places + down * width + across
        for place, source in zip(places.tolist(), sources.tolist(), strict=True):
            order[place] = order[source]
    return _soften(soft.reshape(-1, 3)[order].reshape(picture.shape), sigma)


def motion(picture: Picture, rng: np.random.Generator, radius: int, sigma: float) -> Picture:
    """Smears along a line of random direction, within 45 degrees of level."""
    return smeared(picture, radius, sigma, rng.uniform(-45, 45))


def zoom(picture: Picture, rng: np.random.Generator, beyond: float, step: float) -> Picture:
    """Averages the picture with its enlargements from 1 up to just below `beyond`, as driving ahead does."""
    height, width = picture.shape[:2]
    factors = np.arange(1, beyond, step)
    layers = (magnified(picture, factor)[:height, :width] for factor in factors)
    return (picture + sum(layers)) / (len(factors) + 1)


def smeared(picture: Picture, radius: int, sigma: float, degrees: float) -> Picture:
    """Smears [H, W] or [H, W, 3] along a line of 2 `radius` + 1 px, fading as a half Gaussian of `sigma` px does.

    Beyond the edge the edge goes on. So a line longer than the picture does not darken it, as it does in the package.
    """
    steps = np.arange(2 * radius + 1)
    weights = np.exp(-(steps**2) / (2 * sigma**2))
    angle = math.radians(degrees)
    down, across = (np.ceil(steps * part - 0.5).astype(int) for part in (math.sin(angle), math.cos(angle)))
    top, left = down.min(), across.min()
    kernel = np.zeros((np.ptp(down) + 1, np.ptp(across) + 1))
    np.add.at(kernel, (down - top, across - left), weights / weights.sum())
    anchor = (-int(left), -int(top))
    return np.asarray(cv2.filter2D(picture, -1, kernel, anchor=anchor, borderType=cv2.BORDER_REPLICATE), np.float64)


def magnified(picture: Picture, factor: float) -> Picture:
    """Enlarges the middle of [H, W] or [H, W, 3] bilinearly, corner on corner, to H x W pixels or a few more."""
    for axis, size in enumerate(picture.shape[:2]):
        inner = math.ceil(size / factor)
        places = (size - inner) // 2 + np.linspace(0, inner - 1, round(inner * factor))
        picture = _between(picture, places, axis)
    return picture


def _between(picture: Picture, places: Picture, axis: int) -> Picture:
    """Linear values at float64 places [n] along an axis. OpenCV up to 4 would round the places to 1/32 px."""
    low = places.astype(int)
    high = np.minimum(low + 1, picture.shape[axis] - 1)
    part = np.expand_dims(places - low, tuple(other for other in range(picture.ndim) if other != axis))
    return np.asarray(picture.take(low, axis) * (1 - part) + picture.take(high, axis) * part)


def _soften(picture: Picture, sigma: float) -> Picture:
    taps = 2 * int(4 * sigma + 0.5) + 1  # scikit-image cuts a Gaussian off at four sigma
    return np.asarray(cv2.GaussianBlur(picture, (taps, taps), sigma, borderType=cv2.BORDER_REPLICATE), np.float64)
