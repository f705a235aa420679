"""Attacks that give whatever a test wants them to give, and keep what they were given."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from roadsight_models.robustness.attack import Access
from roadsight_models.robustness.criterion import Criterion
from roadsight_models.robustness.names import Norm
from roadsight_models.robustness.threat import Floats, ThreatModel
from roadsight_models.robustness.victim import Victim


@dataclass(frozen=True)
class Cheat:
    """One that says that it knows linf."""

    give: Callable[[Floats], Floats]
    given: list[tuple[Floats, Criterion, ThreatModel]] = field(default_factory=list)

    name: ClassVar[str] = "cheat"
    access: ClassVar[Access] = "none"
    norms: ClassVar[tuple[Norm, ...]] = ("linf",)
    source: ClassVar[str] = "made up"

    def run(
        self, victim: Victim, clean: Floats, criterion: Criterion, threat: ThreatModel, rng: np.random.Generator
    ) -> Floats:
        self.given.append((clean.copy(), criterion, threat))
        return self.give(clean)


@dataclass(frozen=True)
class Mover(Cheat):
    """One that moves pictures in a way that no norm measures."""

    norms: ClassVar[tuple[Norm, ...]] = ()
