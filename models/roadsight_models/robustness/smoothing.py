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
class Certificate:
    """What is proven of one picture, with a probability of error of at most alpha."""

    label: int | None  # None: it abstained, nothing is proven
    radius: float  # l2 over all values, in pixel units; 0 where it abstained
    share: float  # of noisy pictures that have this label, at least; of the likeliest where it abstained


def certify(
    victim: Victim, clean: Pixels, sigma: float, n0: int, n: int, alpha: float, rng: np.random.Generator
) -> Certificate:
    """Certifies one picture.

    Args:
        victim: what answers.
        clean: uint8 [h, w, 3].
        sigma: standard deviation of the noise, in pixel units.
        n0: noisy pictures to choose the class by.
        n: noisy pictures to prove it by; the radius is at most sigma times the normal quantile of alpha^(1/n).
        alpha: how likely the proof may be wrong.
        rng: the same state, the same certificate.

    Raises:
        BadParameter: see `check_smoothing`.
    """
    check_smoothing(sigma, n0, n, alpha)
    likeliest = int(np.bincount(_votes(victim, clean, sigma, n0, rng), minlength=1).argmax())
    hits = int((_votes(victim, clean, sigma, n, rng) == likeliest).sum())
    share = clopper_pearson(hits, n, alpha)
    if share <= 0.5:
        return Certificate(None, 0.0, share)
    return Certificate(likeliest, radius_of(share, sigma), share)


def check_smoothing(sigma: float, n0: int, n: int, alpha: float) -> None:
    """Refuses what makes no sense.

    Raises:
        BadParameter: sigma is not over 0 and finite, n0 or n under 1, alpha not between 0 and 1.
    """
    if not 0 < sigma < math.inf:
        raise BadParameter("sigma", f"{sigma}: it is over 0, in pixel units")
    if min(n0, n) < 1:
        raise BadParameter("n", f"{n0} and {n} noisy pictures: at least one of each")
    if not 0 < alpha < 1:
        raise BadParameter("alpha", f"{alpha}: it is a probability between 0 and 1")


def radius_of(share: float, sigma: float) -> float:
    """What is proven where a class has at least such a share, over 1/2, under noise of sigma: l2, in pixel units."""
    return sigma * NormalDist().inv_cdf(share)


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
