"""An adversary who is told of feature squeezing, and looks for pictures that squeezing leaves as they are.

    pixels --SQUEEZERS--> what is left of them;  all of it --Victim--> logits, and how far apart the answers are
    cross-entropy, once the criterion is met less the distances --pull, BACKWARD--> slope --step, project--> pixels
    of those that meet the criterion the least suspicious is kept

He et al. 2017, "Adversarial example defenses: ensembles of weak defenses are not strong" (arXiv:1706.04701). Backward,
squeezers are replaced by smooth ones: the straight-through estimate that `victim` speaks of.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from roadsight_models.probabilities import softmax
from roadsight_models.robustness.attack import Access
from roadsight_models.robustness.criterion import Criterion, Logits
from roadsight_models.robustness.losses import cross_entropy, margin
from roadsight_models.robustness.names import Norm
from roadsight_models.robustness.squeezing import MEDIAN, SQUEEZERS, VERSIONS, suspicions, versions
from roadsight_models.robustness.threat import Floats, ThreatModel, l2
from roadsight_models.robustness.victim import Victim, to_floats, to_pixels

Weights = npt.NDArray[np.float64]  # [N, K], of logits or of probabilities


def as_it_is(gradient: Floats) -> Floats:
    """Rounding moves no value far."""
    return gradient


def spread(gradient: Floats) -> Floats:
    """A median is nearest to a mean: each pixel has a part in all around it."""
    return np.stack([cv2.blur(one, (MEDIAN, MEDIAN), borderType=cv2.BORDER_REPLICATE) for one in gradient])


BACKWARD: Mapping[str, Callable[[Floats], Floats]] = {"bit depth": as_it_is, "median": spread}  # of each squeezer


class _Views(NamedTuple):
    """N pictures, what each squeezer leaves of them, and what is said of all that."""

    pixels: Floats  # [N, h, w, 3]
    squeezed: Sequence[Floats]  # each [N, h, w, 3]
    said: Logits  # [VERSIONS * N, K]: of the pictures, then squeezer by squeezer

    @property
    def logits(self) -> Logits:
        """Of the pictures as they are: [N, K]."""
        return self.said[: len(self.pixels)]


class _Kept:
    """The least suspicious that met the criterion; until one did, that with the best margin."""

    def __init__(self, clean: Floats, criterion: Criterion, temperature: float) -> None:
        self.pixels = clean.copy()  # float32 [N, h, w, 3]
        self._criterion, self._temperature = criterion, temperature
        self._worth = np.full(len(clean), -np.inf)  # the margin; infinity once it met the criterion
        self._suspicion = np.full(len(clean), np.inf)

    def take(self, views: _Views) -> None:
        """Takes what is better than before."""
        reached = self._criterion.reached(views.logits)
        worth = np.where(reached, np.inf, margin(views.logits, self._criterion).values)
        suspicion = np.where(reached, suspicions(views.said, self._temperature), np.inf)
        better = (worth > self._worth) | (suspicion < self._suspicion)
        self.pixels[better] = views.pixels[better]
        self._worth[better], self._suspicion[better] = worth[better], suspicion[better]


@dataclass(frozen=True)
class Adaptive:
    """PGD up the cross-entropy, which where the criterion is met keeps the answers together as well.

    Before that the distances are left alone: they are least where nothing is fooled.
    """

    steps: int = 40
    step: float | None = None  # length of one, as a share of epsilon; None: 2.5 / steps
    restarts: int = 1
    weight: float = 2.0  # of the slope of each distance, that of the cross-entropy being 1
    temperature: float = 1.0  # that the score is computed with: the manifest's

    name: ClassVar[str] = "adaptive"
    access: ClassVar[Access] = "white box"
    norms: ClassVar[tuple[Norm, ...]] = ("linf", "l2")
    source: ClassVar[str] = "He et al. 2017, arXiv:1706.04701"

    def run(
        self, victim: Victim, clean: Floats, criterion: Criterion, threat: ThreatModel, rng: np.random.Generator
    ) -> Floats:
        """See `Attack`. All pictures take all steps: what fools the model may still become less suspicious."""
        size = np.float32(threat.epsilon * (2.5 / self.steps if self.step is None else self.step))
        kept = _Kept(clean, criterion, self.temperature)
        for _ in range(self.restarts):
            pixels = threat.random_start(clean, rng)
            for _ in range(self.steps):
                views = _look(victim, pixels)
                kept.take(views)
                pixels = threat.project(pixels + size * threat.step(self._slope(victim, views, criterion)), clean)
            kept.take(_look(victim, pixels))
        return kept.pixels

    def _slope(self, victim: Victim, views: _Views, criterion: Criterion) -> Floats:
        """Where to go, float32 [N, h, w, 3].

        Each term has a length of one or its weight: a sure network leaves next to nothing of a distance's own slope.
        """
        slope = _unit(victim.pull(views.pixels, _scaled(cross_entropy(views.logits, criterion).cotangent)))
        finite = np.isfinite(views.said)
        judged = finite.reshape(VERSIONS, len(views.pixels), -1).all((0, 2))  # a distance from no answer leads nowhere
        reached = (criterion.reached(views.logits) & judged)[:, None]
        plain, *others = np.split(softmax(np.where(finite, views.said, 0), self.temperature), VERSIONS)
        together = np.zeros(plain.shape)
        for name, pixels, squeezed in zip(SQUEEZERS, views.squeezed, others, strict=True):
            sign = np.where(reached, np.sign(plain - squeezed), 0.0)
            together -= _carried(plain, sign)
            toward = victim.pull(pixels, _scaled(_carried(squeezed, sign)))
            slope += np.float32(self.weight) * _unit(BACKWARD[name](toward))
        return slope + np.float32(self.weight) * _unit(victim.pull(views.pixels, _scaled(together)))


def _look(victim: Victim, pixels: Floats) -> _Views:
    frames = versions(to_pixels(pixels))
    _, *squeezed = np.split(to_floats(frames), VERSIONS)
    return _Views(pixels, squeezed, victim.answers(frames))


def _carried(probabilities: Weights, weights: Weights) -> Weights:
    """Weights of probabilities as weights of logits, in proportion; a sure class does not cancel."""
    pairs = weights[:, :, None] - weights[:, None, :]
    return np.asarray(probabilities * np.einsum("nkj,nj->nk", pairs, probabilities))


def _scaled(cotangent: Weights) -> Floats:
    """With 1 as the largest of each picture, lest float32 lose them."""
    largest = np.abs(cotangent).max(1, keepdims=True)
    return (cotangent / np.where(largest > 0, largest, 1)).astype(np.float32)


def _unit(gradient: Floats) -> Floats:
    """Of length one, or nothing."""
    length = l2(gradient)
    return gradient * (1 / np.where(length > 0, length, 1)).astype(np.float32)[:, None, None, None]
