"""Auto-PGD: projected gradient descent with momentum that finds the length of its steps by itself.

    random start --step--> ... --step--> Best
              checkpoints: a picture that gained too little goes back to its best point, with half the step

Croce and Hein 2020 (arXiv:2003.01690), algorithm 1. As in their code, a checkpoint sends back the very point whose
value it knows, where the algorithm as printed takes one more step first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt

from roadsight_models.robustness.attack import Access
from roadsight_models.robustness.best import Best
from roadsight_models.robustness.criterion import Criterion, Flags, Indices
from roadsight_models.robustness.losses import Loss, Values, cross_entropy, dlr
from roadsight_models.robustness.names import Norm
from roadsight_models.robustness.threat import Floats, ThreatModel
from roadsight_models.robustness.victim import Slope, Victim

LOSSES: Mapping[str, Loss] = {"cross_entropy": cross_entropy, "dlr": dlr}
FIRST_STEP = 2.0  # in units of epsilon
ALPHA = 0.75  # of a step is new, the rest goes on where the last one went
RHO = 0.75  # of the steps between two checkpoints must gain


@dataclass(frozen=True)
class APGD:
    """APGD-CE and APGD-DLR; with `targets` APGD-T, which AutoAttack has with `dlr` and 9."""

    loss: Literal["cross_entropy", "dlr"] = "cross_entropy"
    steps: int = 100
    restarts: int = 1
    targets: int = 0  # so many of the likeliest other classes are aimed at in turn, where the criterion names no target

    name: ClassVar[str] = "apgd"
    access: ClassVar[Access] = "white box"
    norms: ClassVar[tuple[Norm, ...]] = ("linf", "l2")
    source: ClassVar[str] = "Croce and Hein 2020, arXiv:2003.01690"

    def run(
        self, victim: Victim, clean: Floats, criterion: Criterion, threat: ThreatModel, rng: np.random.Generator
    ) -> Floats:
        """See `Attack`. A picture that meets the criterion takes no further steps."""
        best = Best(clean, criterion)
        for goal in self._goals(victim, clean, criterion):
            for _ in range(self.restarts):
                if len(best.left):
                    self._once(victim, clean, goal, threat, rng, best)
        return best.pixels

    def _goals(self, victim: Victim, clean: Floats, criterion: Criterion) -> list[Criterion]:
        """What the loss is about, in each turn."""
        if not self.targets or criterion.targets is not None:
            return [criterion]
        logits = victim.logits(clean)
        logits[np.arange(len(clean)), criterion.labels] = -np.inf
        likeliest = (-logits).argsort(1, kind="stable")[:, :-1]  # the label is last
        return [Criterion(criterion.labels, targets) for targets in likeliest[:, : self.targets].T]

    def _once(
        self, victim: Victim, clean: Floats, goal: Criterion, threat: ThreatModel, rng: np.random.Generator, best: Best
    ) -> None:
        windows = checkpoints(self.steps)
        walk = _Walk.begin(best.left, threat.random_start(clean[best.left], rng), FIRST_STEP * threat.epsilon)
        for k in range(self.steps):
            slope = victim.climb(walk.pixels, goal.part(walk.rows), LOSSES[self.loss])
            onward = ~best.take(walk.rows, walk.pixels, slope.logits)
            walk.arrive(slope)
            walk = walk.part(onward)
            if not len(walk.rows):
                return
            if k in windows:
                walk.check(windows[k])
            walk.step(threat, clean[walk.rows], ALPHA if k else 1)
        best.take(walk.rows, walk.pixels, victim.logits(walk.pixels))


def checkpoints(steps: int) -> dict[int, int]:
    """After which steps it is checked, and how many steps lie between each check and the one before (section 3.2)."""
    at, gap, marks = 22, 22, {0}  # in percent of the steps
    while at < 100:
        marks.add(-(-at * steps // 100))
        gap = max(gap - 3, 6)
        at += gap
    return {mark: mark - last for last, mark in pairwise((0, *sorted(marks)))}


@dataclass
class _Walk:
    """Where J pictures are on their way; each field has a row for each."""

    rows: Indices  # [J]: their numbers
    pixels: Floats  # [J, h, w, 3]: the point that was reached
    before: Floats  # the point before it
    gradient: Floats  # at `pixels`
    value: Values  # [J], at `pixels`
    size: Floats  # [J, 1, 1, 1], of the next step
    top: Floats  # the best point, its gradient and its value
    top_gradient: Floats
    top_value: Values
    gains: npt.NDArray[np.int64]  # [J]: how many steps since the last check raised the value
    halved: Flags  # [J]: at the last check
    checked_value: Values  # [J]: the best value then

    @classmethod
    def begin(cls, rows: Indices, pixels: Floats, size: float) -> Self:
        """At the start, of which nothing is known yet."""
        nothing, lowest = np.zeros_like(pixels), np.full(len(rows), -np.inf)
        none, sizes = np.zeros(len(rows), np.int64), np.full((len(rows), 1, 1, 1), size, np.float32)
        return cls(rows, pixels, pixels, nothing, lowest, sizes, pixels, nothing, lowest, none, none > 0, lowest)

    def part(self, chosen: Flags) -> Self:
        """The walks of some pictures."""
        return type(self)(*(getattr(self, field.name)[chosen] for field in fields(self)))

    def arrive(self, slope: Slope) -> None:
        """Takes what was found at `pixels`."""
        self.gains = self.gains + (slope.values > self.value)
        self.value, self.gradient = slope.values, slope.gradient
        better = slope.values > self.top_value
        self.top_value = np.where(better, slope.values, self.top_value)
        over = better[:, None, None, None]
        self.top = np.where(over, self.pixels, self.top)
        self.top_gradient = np.where(over, self.gradient, self.top_gradient)

    def check(self, window: int) -> None:
        """Halves the step where it is too long, and goes back to the best point there: conditions 1 and 2."""
        idle = ~self.halved & (self.top_value == self.checked_value)
        self.halved = (self.gains < RHO * window) | idle
        self.checked_value = self.top_value
        self.gains = np.zeros_like(self.gains)
        self.value = np.where(self.halved, self.top_value, self.value)
        back = self.halved[:, None, None, None]
        self.size = np.where(back, self.size / 2, self.size)
        self.pixels = np.where(back, self.top, self.pixels)
        self.gradient = np.where(back, self.top_gradient, self.gradient)

    def step(self, threat: ThreatModel, clean: Floats, new: float) -> None:
        """Goes on; `new` is the share of the step that is not momentum."""
        aim = threat.project(self.pixels + self.size * threat.step(self.gradient), clean)
        moved = self.pixels + new * (aim - self.pixels) + (1 - new) * (self.pixels - self.before)
        self.before, self.pixels = self.pixels, threat.project(moved, clean)
