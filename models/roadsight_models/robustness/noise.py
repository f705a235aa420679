"""What a sensor adds: float64 [H, W, 3] in [0, 1] -> the same, noisy, not yet clipped.

Each follows ImageNet-C (Hendrycks and Dietterich 2019) draw by draw.
"""

import numpy as np

from roadsight_models.robustness.unit import Picture


def gaussian(picture: Picture, rng: np.random.Generator, deviation: float) -> Picture:
    """Normal noise in every value, of this standard deviation."""
    return picture + rng.normal(scale=deviation, size=picture.shape)


def shot(picture: Picture, rng: np.random.Generator, photons: float) -> Picture:
    """Photons are counted, `photons` of them at full white: Poisson noise."""
    return rng.poisson(picture * photons) / photons


def impulse(picture: Picture, rng: np.random.Generator, amount: float) -> Picture:
    """Salt and pepper: this fraction of all values becomes 0 or 1, in each channel for itself."""
    hit, salt = (rng.random(picture.shape) <= chance for chance in (amount, 0.5))
    return np.where(hit, salt, picture)
