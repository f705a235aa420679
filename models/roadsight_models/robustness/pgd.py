"""Projected gradient descent: many small steps, back into the ball after each.

Madry et al. 2017 (arXiv:1706.06083); without a random start it is the basic iterative method of Kurakin et al. 2016
(arXiv:1607.02533).
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from roadsight_models.robustness.attack import Access
from roadsight_models.robustness.best import Best
from roadsight_models.robustness.criterion import Criterion, Indices
from roadsight_models.robustness.losses import cross_entropy
from roadsight_models.robustness.names import Norm
from roadsight_models.robustness.threat import Floats, ThreatModel
from roadsight_models.robustness.victim import Victim


@dataclass(frozen=True)
class PGD:
    """Steps up the cross-entropy, anew from another start for pictures that withstood."""

    steps: int = 40
    step: float | None = None  # length of one, as a share of epsilon; None: 2.5 / steps, as Madry et al. have it
    random_start: bool = True
    restarts: int = 1

    name: ClassVar[str] = "pgd"
    access: ClassVar[Access] = "white box"
    norms: ClassVar[tuple[Norm, ...]] = ("linf", "l2")
    source: ClassVar[str] = "Madry et al. 2017, arXiv:1706.06083"

    def run(
        self, victim: Victim, clean: Floats, criterion: Criterion, threat: ThreatModel, rng: np.random.Generator
    ) -> Floats:
        """See `Attack`. A picture that meets the criterion takes no further steps."""
        best = Best(clean, criterion)
        for _ in range(self.restarts):
            self._once(victim, clean, criterion, threat, rng, best, best.left)
        return best.pixels

    def _once(
        self,
        victim: Victim,
        clean: Floats,
        criterion: Criterion,
        threat: ThreatModel,
        rng: np.random.Generator,
        best: Best,
        rows: Indices,
    ) -> None:
        size = np.float32(threat.epsilon * (2.5 / self.steps if self.step is None else self.step))
        pixels = threat.random_start(clean[rows], rng) if self.random_start else clean[rows]
        for _ in range(self.steps):
            if not len(rows):
                return
            slope = victim.climb(pixels, criterion.part(rows), cross_entropy)
            onward = ~best.take(rows, pixels, slope.logits)
            rows, moved = rows[onward], pixels + size * threat.step(slope.gradient)
            pixels = threat.project(moved[onward], clean[rows])
        if len(rows):
            best.take(rows, pixels, victim.logits(pixels))
