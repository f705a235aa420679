"""Pixels <-> the unit interval, in which corruptions compute.

uint8 [H, W, 3] --to_unit--> Picture (float64 [H, W, 3] in [0, 1]) --to_pixels--> uint8 [H, W, 3]
"""

import numpy as np
import numpy.typing as npt

from roadsight_models.frame import Pixels

Picture = npt.NDArray[np.float64]


def to_unit(pixels: Pixels) -> Picture:
    """uint8 -> float64 in [0, 1]; `to_pixels` gives exactly the same pixels back."""
    return np.asarray(pixels / 255.0)


def to_pixels(picture: Picture) -> Pixels:
    """Clips at [0, 1] and cuts off what is below a grey level, as ImageNet-C does; it does not round."""
    return np.asarray(np.clip(picture, 0, 1) * 255).astype(np.uint8)
