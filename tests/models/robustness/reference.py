"""The package `imagecorruptions`, made to run beside today's numpy and scikit-image, drawing from a generator of ours.

Its code is run as published. Four names that it reaches for are no more, and are given to it here:

    pkg_resources                      setuptools dropped it; only `frost` calls it, which nothing here does
    scipy.ndimage.interpolation        still there, with a warning
    np.float_                          numpy 2 dropped it; it was float64
    gaussian(..., multichannel=True)   scikit-image calls it channel_axis=-1

It draws from the global np.random; a generator in its place makes the draws the same as those of our own functions.
"""

import sys
import warnings
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from roadsight_models.frame import Pixels

skimage: Any = pytest.importorskip("skimage", reason="the extra `dev` brings it")


def _imported() -> Any:
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        patch.setitem(sys.modules, "pkg_resources", ModuleType("pkg_resources"))
        sys.modules["pkg_resources"].__dict__["resource_filename"] = None
        why = "`make install-all` installs it, without the second OpenCV that it asks for"
        return pytest.importorskip("imagecorruptions.corruptions", reason=why)


class _Numpy:
    """numpy as the package knew it; its random numbers come from `rng`."""

    float_ = np.float64

    def __init__(self, rng: np.random.Generator) -> None:
        self.random = SimpleNamespace(normal=rng.normal, poisson=rng.poisson, uniform=rng.uniform, randint=rng.integers)

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)


def _gaussian(image: Any, sigma: Any, multichannel: bool = False, **options: Any) -> Any:
    return skimage.filters.gaussian(image, sigma, channel_axis=-1 if multichannel else None, **options)


def corrupt(pixels: Pixels, name: str, severity: int, rng: np.random.Generator) -> Pixels:
    """What the package makes of uint8 [H, W, 3] of at least 32 px a side."""

    def random_noise(image: Any, **options: Any) -> Any:
        return skimage.util.random_noise(image, rng=rng, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PACKAGE, "np", _Numpy(rng))
        patch.setattr(PACKAGE, "gaussian", _gaussian)
        sk = SimpleNamespace(util=SimpleNamespace(random_noise=random_noise), color=skimage.color)
        patch.setattr(PACKAGE, "sk", sk)
        return np.asarray(getattr(PACKAGE, name)(Image.fromarray(pixels), severity)).astype(np.uint8)


PACKAGE = _imported()
