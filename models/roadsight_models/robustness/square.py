"""Square: random search with coloured squares, which asks for scores alone.

    clean --start--> pixels --change a square, project, round--> asked --Best--> kept where the margin rose

Andriushchenko et al. 2020 (arXiv:1912.00049), with the parameters of AutoAttack (Croce and Hein 2020,
arXiv:2003.01690). What is asked about is what `verify` would make of the picture, so a success stays one.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from roadsight_models.robustness.attack import Access
from roadsight_models.robustness.best import Best
from roadsight_models.robustness.criterion import Criterion
from roadsight_models.robustness.names import Norm
from roadsight_models.robustness.squares import SQUARES
from roadsight_models.robustness.threat import Floats, ThreatModel
from roadsight_models.robustness.verify import round_within
from roadsight_models.robustness.victim import Victim, to_floats

# After each of these queries the square has half the area; not rescaled to the budget, as AutoAttack has it.
HALVED_AFTER = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)


@dataclass(frozen=True)
class Square:
    """Changes a random square of each picture, and keeps the change where it raised the margin."""

    queries: int = 5000  # of each picture, at most
    area: float = 0.8  # of the first square, as a share of the picture; the paper's p

    name: ClassVar[str] = "square"
    access: ClassVar[Access] = "scores"
    norms: ClassVar[tuple[Norm, ...]] = ("linf", "l2")
    source: ClassVar[str] = "Andriushchenko et al. 2020, arXiv:1912.00049"

    def run(
        self, victim: Victim, clean: Floats, criterion: Criterion, threat: ThreatModel, rng: np.random.Generator
    ) -> Floats:
        """See `Attack`. A picture that meets the criterion is asked about no more."""
        best = Best(clean, criterion)
        for tried in self._proposals(clean, best, threat, rng):
            rows = best.left
            frames = round_within(threat, threat.project(tried, clean[rows]), clean[rows])
            best.take(rows, to_floats(frames), victim.answers(frames))
        return best.pixels

    def _proposals(self, clean: Floats, best: Best, threat: ThreatModel, rng: np.random.Generator) -> Iterator[Floats]:
        """What to ask about next, of the pictures that are left: float32 [J, h, w, 3]."""
        squares, epsilon, shape = SQUARES[threat.norm], threat.epsilon, clean.shape[1:]
        yield clean + np.stack([squares.start(shape, epsilon, rng) for _ in clean])
        for query in range(1, self.queries):
            rows = best.left
            if not len(rows):
                return
            side = self._side(query, shape)
            deltas = best.pixels[rows] - clean[rows]
            yield clean[rows] + np.stack([squares.change(delta, epsilon, side, rng) for delta in deltas])

    def _side(self, query: int, shape: tuple[int, ...]) -> int:
        """Of the square, in pixels."""
        height, width, _ = shape
        area = self.area / 2 ** int(np.searchsorted(HALVED_AFTER, query))
        return min(max(round(math.sqrt(area * height * width)), 1), height, width)
