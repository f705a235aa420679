"""What an attack is.

Victim, clean pixels, Criterion, ThreatModel --Attack.run--> pixels, of which `verify` says what they are worth
"""

from typing import ClassVar, Literal, Protocol

import numpy as np

from roadsight_models.robustness.criterion import Criterion
from roadsight_models.robustness.names import Norm
from roadsight_models.robustness.threat import Floats, ThreatModel
from roadsight_models.robustness.victim import Victim

Access = Literal["white box", "scores", "decisions", "none"]  # what it must know: gradient, logits, class, nothing


class Attack(Protocol):
    """A frozen dataclass whose fields are its parameters, so that a report can state them all."""

    name: ClassVar[str]
    access: ClassVar[Access]
    norms: ClassVar[tuple[Norm, ...]]  # that it knows; none: it moves pictures in another way, and has no ball
    source: ClassVar[str]  # the paper

    def run(
        self, victim: Victim, clean: Floats, criterion: Criterion, threat: ThreatModel, rng: np.random.Generator
    ) -> Floats:
        """Looks for adversarial pictures.

        Args:
            victim: what is attacked.
            clean: float32 [N, h, w, 3] in [0, 1], N at least 1, none of which meets the criterion yet.
            criterion: what is wanted of them.
            threat: the norm, and how far they may go. An attack that looks for the nearest adversarial picture heeds
                the norm alone.
            rng: the same state, the same pictures.

        Returns:
            float32 [N, h, w, 3], the best that it found for each. Nobody takes its word: see `verify`.
        """
