"""What lens, sensor and light do to a picture: blur, exposure, noise."""

from statistics import NormalDist

import cv2
import numpy as np
import numpy.typing as npt

# A uniform byte -> a normal deviate, in hundredths: one table look-up instead of a million logarithms.
_NORMAL = np.array([NormalDist().inv_cdf((i + 0.5) / 256) for i in range(256)])


def light(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Gain per channel, float64 [3]: from dusk to sun, more often bluish than yellowish."""
    brightness = rng.uniform(0.55, 1.1)
    warmth = rng.uniform(-0.1, 0.06)
    return brightness * np.array((1 + warmth, 1.0, 1 - warmth))


def photographed(
    picture: npt.NDArray[np.uint8], gain: npt.NDArray[np.float64], rng: np.random.Generator
) -> npt.NDArray[np.uint8]:
    """Blur a little, expose with `gain` per channel and add sensor noise; uint8 [H, W, 3] in and out."""
    sigma, noise = rng.uniform(0.3, 0.8), rng.uniform(1.5, 5)
    soft = cv2.GaussianBlur(picture, (5, 5), sigma)
    curve = np.clip(np.arange(256)[:, None] * gain, 0, 255).astype(np.uint8)
    exposed = cv2.LUT(soft, curve[None])
    grain = np.frombuffer(rng.bytes(picture.size), np.uint8).reshape(picture.shape)
    deviate = cv2.LUT(grain, np.round(_NORMAL * noise).astype(np.int16))
    return np.asarray(cv2.add(exposed, deviate, dtype=cv2.CV_8U), np.uint8)
