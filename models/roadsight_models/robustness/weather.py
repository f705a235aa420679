"""What falls, drifts and shines before the camera: float64 [H, W, 3] in [0, 1] -> the same, not yet clipped.

Snow, fog and brightness follow `imagecorruptions` (Michaelis et al. 2019) draw by draw; low light is our own.
"""

import numpy as np

from roadsight_models.robustness.blur import magnified, smeared
from roadsight_models.robustness.unit import Picture

GREY = (0.299, 0.587, 0.114)  # ITU-R BT.601
GAMMA = 2.2  # of the displayed picture; light itself is linear
FULL_WELL = 2000.0  # electrons at full white: a small automotive pixel at high gain
READ_NOISE = 4.0  # electrons, standard deviation


def snow(
    picture: Picture,
    rng: np.random.Generator,
    mean: float,
    deviation: float,
    size: float,
    threshold: float,
    radius: int,
    sigma: float,
    keep: float,
) -> Picture:
    """Flakes that fall in two directions before a paler picture, of which `keep` stays.

    Args:
        picture: float64 [H, W, 3] in [0, 1].
        rng: draws the flakes and their direction.
        mean: of the normal noise that flakes are made of.
        deviation: of that noise.
        size: by which the noise is enlarged.
        threshold: noise below it is no flake.
        radius: half the way that a flake falls during the exposure, in pixels.
        sigma: of its fading, in pixels.
        keep: the fraction of the picture that is not made paler.
    """
    height, width = picture.shape[:2]
    noise = magnified(rng.normal(mean, deviation, (height, width)), size)
    flakes = np.where(noise < threshold, 0, noise.clip(0, 1))
    falling = smeared(flakes, radius, sigma, rng.uniform(-135, -45))[:height, :width, None]
    pale = np.maximum(picture, (picture @ GREY)[..., None] * 1.5 + 0.5)
    return np.asarray(keep * picture + (1 - keep) * pale + falling + np.rot90(falling, 2))


def fog(picture: Picture, rng: np.random.Generator, density: float, decay: float) -> Picture:
    """Plasma clouds over the picture, dimmed so that its brightest value stays what it was."""
    height, width = picture.shape[:2]
    brightest = picture.max()
    drift = clouds(1 << (max(height, width, 2) - 1).bit_length(), decay, rng)[:height, :width, None]
    return np.asarray((picture + density * drift) * brightest / (brightest + density))


def clouds(side: int, decay: float, rng: np.random.Generator) -> Picture:
    """A plasma fractal by the diamond-square algorithm, on a torus.

    Args:
        side: a power of two, at least 2.
        decay: the larger, the smoother; finer detail is weaker by its square.
        rng: draws the heights.

    Returns:
        float64 [side, side] from 0 to 1, both reached.
    """
    field = np.zeros((side, side))
    step, wobble = side, 100.0

    def nudged(sums: Picture) -> Picture:
        return sums / 4 + wobble * rng.uniform(-wobble, wobble, sums.shape)

    while step >= 2:
        half = step // 2
        corners = field[::step, ::step]
        pairs = corners + np.roll(corners, -1, axis=0)
        field[half::step, half::step] = centres = nudged(pairs + np.roll(pairs, -1, axis=1))
        field[::step, half::step] = nudged(
            centres + np.roll(centres, 1, axis=0) + corners + np.roll(corners, -1, axis=1)
        )
        field[half::step, ::step] = nudged(
            centres + np.roll(centres, 1, axis=1) + corners + np.roll(corners, -1, axis=0)
        )
        step, wobble = half, wobble / decay
    field -= field.min()
    return np.asarray(field / field.max())


def brightness(picture: Picture, rng: np.random.Generator, amount: float) -> Picture:
    """Adds to the value of HSV; hue and saturation stay."""
    value = picture.max(axis=-1, keepdims=True)
    tint = np.divide(picture, value, out=np.ones_like(picture), where=value > 0)
    return np.asarray(tint * np.minimum(value + amount, 1))


def low_light(picture: Picture, rng: np.random.Generator, stops: float) -> Picture:
    """Our own, not ImageNet-C: dusk and night, that many halvings of the light, on a sensor that can't expose longer.

    Light is linear; a pixel counts its electrons (Poisson) and is read out with normal noise: the sensor of Foi et al.
    2008, "Practical Poissonian-Gaussian noise modeling and fitting for single-image raw-data".
    """
    electrons = picture**GAMMA * FULL_WELL / 2**stops
    read = rng.poisson(electrons) + rng.normal(scale=READ_NOISE, size=picture.shape)
    return np.asarray(np.clip(read / FULL_WELL, 0, 1) ** (1 / GAMMA))
