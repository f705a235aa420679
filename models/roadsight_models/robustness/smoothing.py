"""A proof instead of an attack: within a radius nothing changes the answer that a model gives most often under noise.

    uint8 [h, w, 3] --n0 noisy ones--> the likeliest class --n noisy ones--> votes --clopper_pearson--> share, at least
    share over 1/2 --> radius;  else it abstains

Randomized smoothing: Cohen, Rosenfeld and Kolter 2019 (arXiv:1902.02918). What is certified is the smoothed classifier,
which answers by vote; a single answer of the session is not. Noise is clipped to [0, 1] and rounded as any client's
picture: that is part of the classifier that is smoothed, so the proof holds.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from roadsight_models.errors import BadParameter
from roadsight_models.frame import Pixels
from roadsight_models.robustness.criterion import Indices
from roadsight_models.robustness.victim import BATCH, Victim, to_floats, to_pixels

HALVINGS = 50  # of the interval from 0 to 1: as fine as float64 is below 1


@dataclass(frozen=True)
class Smoothing:
    """The classifier that is smoothed, and how much is asked of it: 500 pictures by default.

    Raises:
        BadParameter: a number is out of bounds, or n is so small that nothing could be proven.
    """

    sigma: float = 0.12  # standard deviation of the noise, in pixel units
    n0: int = 50  # noisy pictures to choose the class by
    n: int = 450  # noisy pictures to prove it by
    alpha: float = 0.001  # how likely the proof may be wrong

    def __post_init__(self) -> None:
        if not 0 < self.sigma <= 1:
            raise BadParameter("sigma", f"{self.sigma}: it is over 0 and at most 1, in pixel units")
        if not 0 < self.alpha < 1:
            raise BadParameter("alpha", f"{self.alpha}: it is a probability between 0 and 1")
        if self.n0 < 1:
            raise BadParameter("n0", f"{self.n0}: at least one noisy picture")
        least = math.floor(math.log(self.alpha, 0.5)) + 1  # so that alpha^(1/n) is over 1/2
        if self.n < least:
            raise BadParameter("n", f"{self.n} noisy pictures prove nothing, however they vote: it takes {least}")

    @property
    def largest_radius(self) -> float:
        """What is proven where all noisy pictures agree, so that no certificate proves more: l2, in pixel units."""
        return self.radius(self.alpha ** (1 / self.n))

    def radius(self, share: float) -> float:
        """What is proven where a class has at least such a share, over 1/2, under the noise: l2, in pixel units."""
        return self.sigma * NormalDist().inv_cdf(share)


@dataclass(frozen=True)
class Certificate:
    """What is proven of one picture, with a probability of error of at most alpha."""

    smoothing: Smoothing
    label: int | None  # None: it abstained, nothing is proven
    radius: float  # l2 over all values, in pixel units; 0 where it abstained
    votes: int  # of n noisy pictures, those that have this label; the likeliest one where it abstained
    share: float  # of all noisy pictures, those that have it: at least so much


def certify(victim: Victim, clean: Pixels, smoothing: Smoothing, rng: np.random.Generator) -> Certificate:
    """Certifies one picture.

    Args:
        victim: what answers.
        clean: uint8 [h, w, 3].
        smoothing: how wide the noise is, and how often it is drawn.
        rng: the same state, the same certificate.
    """
    sigma, n = smoothing.sigma, smoothing.n
    likeliest = int(np.bincount(_votes(victim, clean, sigma, smoothing.n0, rng), minlength=1).argmax())
    votes = int((_votes(victim, clean, sigma, n, rng) == likeliest).sum())
    share = clopper_pearson(votes, n, smoothing.alpha)
    if share <= 0.5:
        return Certificate(smoothing, None, 0.0, votes, share)
    return Certificate(smoothing, likeliest, smoothing.radius(share), votes, share)


def clopper_pearson(hits: int, n: int, alpha: float) -> float:
    """A lower bound of a probability that was hit so many times of n; wrong with a probability of at most alpha.

    The largest at which so many hits or more are no likelier than alpha. Clopper and Pearson 1934, one-sided.
    """
    if not hits:
        return 0.0
    counts = np.arange(hits, n + 1)
    ways = math.lgamma(n + 1) - np.array([math.lgamma(k + 1) + math.lgamma(n - k + 1) for k in counts.tolist()])
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        tail = np.exp(ways + counts * math.log(middle) + (n - counts) * math.log1p(-middle)).sum()
        low, high = (middle, high) if tail <= alpha else (low, middle)
    return low


def _votes(victim: Victim, clean: Pixels, sigma: float, n: int, rng: np.random.Generator) -> Indices:
    """The classes of n noisy pictures, int64 [up to n]; one whose logits are not finite has none."""
    pixels, votes = to_floats(clean), []
    for start in range(0, n, BATCH):
        noise = rng.standard_normal((min(BATCH, n - start), *clean.shape), np.float32)
        logits = victim.answers(to_pixels((pixels + np.float32(sigma) * noise).clip(0, 1)))
        votes.append(logits[np.isfinite(logits).all(1)].argmax(1))
    return np.concatenate(votes)
