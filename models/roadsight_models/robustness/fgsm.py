"""Fast gradient sign method: one step, as far as the ball allows.

Goodfellow, Shlens and Szegedy 2014 (arXiv:1412.6572); in l2 a step along the gradient itself.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from roadsight_models.robustness.attack import Access
from roadsight_models.robustness.criterion import Criterion
from roadsight_models.robustness.losses import cross_entropy
from roadsight_models.robustness.names import Norm
from roadsight_models.robustness.threat import Floats, ThreatModel
from roadsight_models.robustness.victim import Victim


@dataclass(frozen=True)
class FGSM:
    """One step up the cross-entropy; targeted, one step down that of the target."""

    name: ClassVar[str] = "fgsm"
    access: ClassVar[Access] = "white box"
    norms: ClassVar[tuple[Norm, ...]] = ("linf", "l2")
    source: ClassVar[str] = "Goodfellow et al. 2014, arXiv:1412.6572"

    def run(
        self, victim: Victim, clean: Floats, criterion: Criterion, threat: ThreatModel, rng: np.random.Generator
    ) -> Floats:
        """See `Attack`."""
        gradient = victim.climb(clean, criterion, cross_entropy).gradient
        return threat.project(clean + np.float32(threat.epsilon) * threat.step(gradient), clean)
