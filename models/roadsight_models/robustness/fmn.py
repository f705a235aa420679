"""Fast minimum norm: the nearest adversarial picture, in a ball that shrinks and grows as the search goes.

    clean --climb--> margin, slope --resize--> each picture's ball --step, project--> pixels, the nearest kept

Pintor et al. 2021 (arXiv:2102.12827). It stands for what looks for minimal distortion: L-BFGS (Szegedy et al. 2013) and
Carlini-Wagner (2016). Success and distance are those of the picture that is served, rounded to uint8: what a client
could send.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from roadsight_models.robustness.attack import Access
from roadsight_models.robustness.criterion import Criterion, Flags
from roadsight_models.robustness.losses import margin
from roadsight_models.robustness.names import Norm
from roadsight_models.robustness.threat import Floats, ThreatModel, l2
from roadsight_models.robustness.victim import Slope, Victim, to_floats, to_pixels

LAST_STEP = 0.01  # of the first
LAST_GAMMA = 0.001

_TINY = np.finfo(np.float32).tiny

Lengths = npt.NDArray[np.float64]  # [N], in units of the norm


@dataclass(frozen=True)
class FMN:
    """Steps up the margin, into a ball that shrinks where a picture is adversarial and grows where it is not.

    It heeds the norm of the threat model alone. All pictures take all steps; one that never was adversarial comes back
    clean.
    """

    steps: int = 100
    step: float = 1.0  # length of the first in l2, whatever the norm; they shorten along a cosine
    gamma: float = 0.05  # share by which a ball grows or shrinks at first; that too follows a cosine

    name: ClassVar[str] = "fmn"
    access: ClassVar[Access] = "white box"
    norms: ClassVar[tuple[Norm, ...]] = ("linf", "l2", "l0")
    source: ClassVar[str] = "Pintor et al. 2021, arXiv:2102.12827"

    def run(
        self, victim: Victim, clean: Floats, criterion: Criterion, threat: ThreatModel, rng: np.random.Generator
    ) -> Floats:
        """See `Attack`. Nothing of it is random."""
        pixels, nearest, distance = clean, clean.copy(), np.full(len(clean), np.inf)
        balls = _Balls(clean, threat)
        for number in range(self.steps):
            slope = victim.climb(pixels, criterion, margin)
            reached = criterion.reached(slope.logits)
            served = threat.distance(to_floats(to_pixels(pixels)), clean)
            nearer = reached & (served < distance)
            nearest[nearer], distance[nearer] = pixels[nearer], served[nearer]
            best = np.where(np.isfinite(distance), threat.distance(nearest, clean), np.inf)
            balls.resize(pixels, slope, reached, best, self._faded(self.gamma, LAST_GAMMA, number))
            size = self._faded(self.step, self.step * LAST_STEP, number) / np.maximum(l2(slope.gradient), _TINY)
            moved = pixels + size.astype(np.float32)[:, None, None, None] * slope.gradient
            pixels = balls.project(moved.clip(0, 1))
        return nearest

    def _faded(self, first: float, last: float, number: int) -> float:
        return last + (first - last) * (1 + math.cos(math.pi * number / self.steps)) / 2


class _Balls:
    """A ball of its own around each of N pictures."""

    def __init__(self, clean: Floats, threat: ThreatModel) -> None:
        self._clean, self._norm, self._distance = clean, threat.norm, threat.distance
        # A pixel; or half a grey level, less of which is rounded to the clean picture.
        self._least = 1 / math.prod(clean.shape[1:3]) if threat.norm == "l0" else 0.5 / 255
        self._farthest = threat.distance(np.where(clean < 0.5, np.float32(1), np.float32(0)), clean)
        self._radius = np.zeros(len(clean))

    def resize(self, pixels: Floats, slope: Slope, reached: Flags, best: Lengths, gamma: float) -> None:
        """Shrinks or grows each by a share, in l0 by a pixel at least.

        Args:
            pixels: float32 [N, h, w, 3], where they are.
            slope: there.
            reached: whether each is adversarial.
            best: the shortest length that was, infinite where there is none yet.
            gamma: the share.
        """
        change = np.maximum(self._radius * gamma, self._least if self._norm == "l0" else 0)
        # Rounding may leave a picture on the boundary, with no margin to lose: it goes on all the same.
        beyond = np.maximum(self._boundary(pixels, slope), self._distance(pixels, self._clean) + self._least)
        onward = np.where(np.isfinite(best), self._radius + change, beyond)
        radius = np.where(reached, np.minimum(self._radius - change, best), onward)
        self._radius = radius.clip(self._least, self._farthest)

    def project(self, pixels: Floats) -> Floats:
        """The nearest pixels in each ball and in [0, 1]."""
        balls = [ThreatModel(self._norm, float(radius)) for radius in self._radius]
        rows = range(len(pixels))
        return np.concatenate([balls[i].project(pixels[i : i + 1], self._clean[i : i + 1]) for i in rows])

    def _boundary(self, pixels: Floats, slope: Slope) -> Lengths:
        """How far out the margin would be gone if it were linear: by the dual norm of the gradient.

        In l0 it is so many pixels, those that do most when they go all the way to black or white.
        """
        gradient, margins = slope.gradient.astype(np.float64), np.abs(slope.values)
        if self._norm == "l0":
            gains = (np.abs(gradient) * np.where(gradient > 0, 1 - pixels, pixels)).sum(3).reshape(len(pixels), -1)
            short = np.sort(gains, 1)[:, ::-1].cumsum(1) < margins[:, None]
            return np.asarray((short.sum(1) + 1) * self._least)
        dual = l2(gradient) if self._norm == "l2" else np.abs(gradient).sum((1, 2, 3))
        return np.asarray(self._distance(pixels, self._clean) + margins / np.maximum(dual, _TINY))
