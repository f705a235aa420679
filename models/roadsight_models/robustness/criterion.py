"""What counts as success: another class than the true one, or one particular class.

logits [N, K] --reached--> bool [N]
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Logits = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Criterion:
    """What is wanted of N pictures."""

    labels: Indices  # int64 [N]: the true classes, or where unknown what the model says of the clean pictures
    targets: Indices | None = None  # int64 [N]: what they are to be taken for; anything but the label if None

    @property
    def wanted(self) -> Indices:
        """The class of each picture that a loss is about: its target, or the label that it is to lose."""
        return self.labels if self.targets is None else self.targets

    def reached(self, logits: Logits) -> Flags:
        """Which of N pictures are where they are wanted, by float32 [N, K].

        Logits that are not finite are no answer: the true class is lost, and no target is reached.
        """
        said, finite = logits.argmax(1), np.isfinite(logits).all(1)
        if self.targets is None:
            return np.asarray(~finite | (said != self.labels))
        return np.asarray(finite & (said == self.targets))

    def part(self, chosen: Flags | Indices) -> Self:
        """The criterion of some of the pictures, by flag or by number."""
        targets = None if self.targets is None else self.targets[chosen]
        return type(self)(self.labels[chosen], targets)
