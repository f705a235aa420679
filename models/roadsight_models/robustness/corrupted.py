"""Weather, lens and sensor as an adversary: the worst of ImageNet-C's corruptions up to a severity.

    pixels --to_pixels--> uint8 --corrupt, the mildest severity first--> uint8 --to_floats--> pixels

They look at no model. `corruptions` says which they are, and what they do to small pictures.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from roadsight_models.errors import BadParameter
from roadsight_models.robustness.attack import Access
from roadsight_models.robustness.best import Best
from roadsight_models.robustness.corruptions import CORRUPTIONS, SEVERITIES, corrupt
from roadsight_models.robustness.criterion import Criterion
from roadsight_models.robustness.names import Norm
from roadsight_models.robustness.threat import Floats, ThreatModel
from roadsight_models.robustness.victim import Victim, to_floats, to_pixels

NAMES = tuple(name for name, corruption in CORRUPTIONS.items() if corruption.imagenet_c)


@dataclass(frozen=True)
class Corrupted:
    """Tries all corruptions at one severity after the other, until a picture is fooled.

    Raises:
        BadParameter: no such severity.
    """

    severity: int = 3  # the last that is tried

    name: ClassVar[str] = "corruptions"
    access: ClassVar[Access] = "none"
    norms: ClassVar[tuple[Norm, ...]] = ()
    source: ClassVar[str] = "Hendrycks and Dietterich 2019, arXiv:1903.12261"

    def __post_init__(self) -> None:
        if self.severity not in SEVERITIES:
            raise BadParameter("severity", f"{self.severity}: it goes from {SEVERITIES[0]} to {SEVERITIES[-1]}")

    def run(
        self, victim: Victim, clean: Floats, criterion: Criterion, threat: ThreatModel, rng: np.random.Generator
    ) -> Floats:
        """See `Attack`. Whatever the threat: corruptions keep to no ball."""
        best, frames = Best(clean, criterion), to_pixels(clean)
        for severity in range(SEVERITIES[0], self.severity + 1):
            for name in NAMES:
                rows = best.left
                if not len(rows):
                    return best.pixels
                corrupted = np.stack([corrupt(frame, name, severity, rng) for frame in frames[rows]])
                best.take(rows, to_floats(corrupted), victim.answers(corrupted))
        return best.pixels
