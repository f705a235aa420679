"""The best that an attack has found so far for each picture, and which pictures it still has to work on.

pixels, logits --Best.take--> kept where they meet the criterion, or where nothing better is there
"""

import numpy as np

from roadsight_models.robustness.criterion import Criterion, Flags, Indices, Logits
from roadsight_models.robustness.losses import margin
from roadsight_models.robustness.threat import Floats


class Best:
    """For each of N pictures the first that met the criterion; until then the one with the best margin."""

    def __init__(self, clean: Floats, criterion: Criterion) -> None:
        self.pixels = clean.copy()  # float32 [N, h, w, 3]
        self.reached: Flags = np.zeros(len(clean), bool)  # [N]
        self._criterion = criterion
        self._margin = np.full(len(clean), -np.inf)

    @property
    def left(self) -> Indices:
        """The numbers of the pictures that do not meet the criterion yet: int64 [J]."""
        return np.flatnonzero(~self.reached)

    def take(self, rows: Indices, pixels: Floats, logits: Logits) -> Flags:
        """Takes what was found for some pictures.

        Args:
            rows: int64 [J], their numbers.
            pixels: float32 [J, h, w, 3].
            logits: float32 [J, K], what the served session says of them.

        Returns:
            bool [J]: which of these meet the criterion.
        """
        criterion = self._criterion.part(rows)
        reached, margins = criterion.reached(logits), margin(logits, criterion).values
        better = ~self.reached[rows] & (reached | (margins > self._margin[rows]))
        self.pixels[rows[better]] = pixels[better]
        self._margin[rows[better]] = margins[better]
        self.reached[rows] |= reached
        return reached
