"""What weather, lens, sensor and transmission do to a picture, at five severities: a benchmark, never an augmentation.

    uint8 [H, W, 3] --to_unit--> float64 in [0, 1] --a corruption--> float64 --clip, to_pixels--> uint8 [H, W, 3]
            ValueError: no such corruption, no such severity, not a picture

Hendrycks and Dietterich 2019, "Benchmarking neural network robustness to common corruptions and perturbations"
(arXiv:1903.12261): ImageNet-C. Its fifteen are here under their names, save `frost`, which lays photographs that others
made over the picture. `low_light` is our own and no part of ImageNet-C.

Parameters are ImageNet-C's, made for pictures of 224 px. Lengths (radii, kernels) are pixels of the picture as it is,
whatever its size, as in the package `imagecorruptions` (Michaelis et al. 2019, arXiv:1907.07484), with which these
functions agree from 32 px on, where it begins (the longest `motion_blur` from 41 px on). So a blur takes more from a
small crop than from a frame. The sets of 32 and 64 px by the benchmark's authors (CIFAR-10-C, Tiny ImageNet-C) have
milder parameters: figures are not comparable. For the same strength on every crop, resize first and corrupt then. A
crop too small for `glass_blur` is only blurred.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

import numpy as np

from roadsight_models.frame import Pixels
from roadsight_models.robustness import blur, digital, noise, weather
from roadsight_models.robustness.unit import Picture, to_pixels, to_unit

SEVERITIES = (1, 2, 3, 4, 5)

Family = Literal["noise", "blur", "weather", "digital"]
Five = tuple[float, float, float, float, float]


@dataclass(frozen=True)
class Corruption:
    """A function of a picture, a generator and its parameters, each given for severity 1 to 5."""

    family: Family
    change: Callable[..., Picture]
    parameters: Mapping[str, Five]
    imagenet_c: bool = True


# Hendrycks and Dietterich 2019, the code of ImageNet-C; motion and elastic as in `imagecorruptions`, for any size.
CORRUPTIONS: Mapping[str, Corruption] = {
    "gaussian_noise": Corruption("noise", noise.gaussian, {"deviation": (0.08, 0.12, 0.18, 0.26, 0.38)}),
    "shot_noise": Corruption("noise", noise.shot, {"photons": (60, 25, 12, 5, 3)}),
    "impulse_noise": Corruption("noise", noise.impulse, {"amount": (0.03, 0.06, 0.09, 0.17, 0.27)}),
    "defocus_blur": Corruption("blur", blur.defocus, {"radius": (3, 4, 6, 8, 10), "soften": (0.1, 0.5, 0.5, 0.5, 0.5)}),
    "glass_blur": Corruption(
        "blur",
        blur.glass,
        {"sigma": (0.7, 0.9, 1, 1.1, 1.5), "reach": (1, 2, 2, 3, 4), "rounds": (2, 1, 3, 2, 2)},
    ),
    "motion_blur": Corruption("blur", blur.motion, {"radius": (10, 15, 15, 15, 20), "sigma": (3, 5, 8, 12, 15)}),
    "zoom_blur": Corruption(
        "blur", blur.zoom, {"beyond": (1.11, 1.16, 1.21, 1.26, 1.31), "step": (0.01, 0.01, 0.02, 0.02, 0.03)}
    ),
    "snow": Corruption(
        "weather",
        weather.snow,
        {
            "mean": (0.1, 0.2, 0.55, 0.55, 0.55),
            "deviation": (0.3, 0.3, 0.3, 0.3, 0.3),
            "size": (3, 2, 4, 4.5, 2.5),
            "threshold": (0.5, 0.5, 0.9, 0.85, 0.85),
            "radius": (10, 12, 12, 12, 12),
            "sigma": (4, 4, 8, 8, 12),
            "keep": (0.8, 0.7, 0.7, 0.65, 0.55),
        },
    ),
    "fog": Corruption("weather", weather.fog, {"density": (1.5, 2, 2.5, 2.5, 3), "decay": (2, 2, 1.7, 1.5, 1.4)}),
    "brightness": Corruption("weather", weather.brightness, {"amount": (0.1, 0.2, 0.3, 0.4, 0.5)}),
    "low_light": Corruption("weather", weather.low_light, {"stops": (1, 2, 3, 4, 5)}, imagenet_c=False),
    "contrast": Corruption("digital", digital.contrast, {"keep": (0.4, 0.3, 0.2, 0.1, 0.05)}),
    "elastic_transform": Corruption("digital", digital.elastic, {"strength": (12.5, 16.25, 21.25, 25, 30)}),
    "pixelate": Corruption("digital", digital.pixelate, {"scale": (0.6, 0.5, 0.4, 0.3, 0.25)}),
    "jpeg_compression": Corruption("digital", digital.jpeg, {"quality": (25, 18, 15, 10, 7)}),
}


def corrupt(pixels: Pixels, name: str, severity: int, rng: np.random.Generator) -> Pixels:
    """Corrupts one picture.

    Args:
        pixels: uint8 [H, W, 3] RGB; stays as it is.
        name: one of CORRUPTIONS.
        severity: 1 to 5.
        rng: the same state gives the same pixels; a corruption that draws nothing leaves it as it is.

    Returns:
        uint8 [H, W, 3], a new array.

    Raises:
        ValueError: no such corruption (the nearest is named) or severity, or `pixels` is not such a picture.
    """
    if name not in CORRUPTIONS:
        near = get_close_matches(name, CORRUPTIONS, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ValueError(f"no corruption {name!r}; {hint}known: {', '.join(CORRUPTIONS)}")
    if severity not in SEVERITIES:
        raise ValueError(f"severity {severity}: it goes from {SEVERITIES[0]} to {SEVERITIES[-1]}")
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError(f"a picture is uint8 [H, W, 3], not {pixels.dtype} {list(pixels.shape)}")
    corruption = CORRUPTIONS[name]
    parameters = {key: values[severity - 1] for key, values in corruption.parameters.items()}
    return to_pixels(corruption.change(to_unit(pixels), rng, **parameters))
