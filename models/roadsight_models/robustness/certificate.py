"""What is asked of a proof, and what it says; `smoothing` makes it.

Smoothing --certify--> Certificate
BadParameter
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

from roadsight_models.errors import BadParameter


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
