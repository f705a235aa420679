"""A proof instead of an attack: within a radius nothing changes the answer that a model gives most often under noise.

    uint8 [h, w, 3] --n0 noisy ones--> the likeliest class --n noisy ones--> votes --clopper_pearson--> share, at least
    share over 1/2 --> radius;  else it abstains

Randomized smoothing: Cohen, Rosenfeld and Kolter 2019 (arXiv:1902.02918). What is certified is the smoothed classifier,
which answers by vote; a single answer of the session is not. Noise is clipped to [0, 1] and rounded as any client's
picture: that is part of the classifier that is smoothed, so the proof holds.
"""

import math

import numpy as np

from roadsight_models.frame import Pixels
from roadsight_models.robustness.certificate import Certificate, Smoothing
from roadsight_models.robustness.criterion import Indices
from roadsight_models.robustness.victim import BATCH, Victim, to_floats, to_pixels

HALVINGS = 50  # of the interval from 0 to 1: as fine as float64 is below 1


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
