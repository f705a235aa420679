"""The lines of a finished run, put together.

Journal --read--> Results: an array over all pictures of each thing that was noted
        ValueError: a chunk is missing
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from roadsight_models.robustness.criterion import Flags, Indices
from roadsight_training.attacking.journal import Journal, Line
from roadsight_training.judging.intervals import Proportion

Distances = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Stage:
    """What one attack did to all pictures, and what it asked."""

    name: str
    faced: int
    broke: int
    queries: int
    steps: int


@dataclass(frozen=True, eq=False)
class Level:
    """What is true of N pictures at one epsilon."""

    epsilon: float
    guess: Indices  # [N], of the adversarial pictures
    withstood: Flags  # [N]: named rightly before, and not broken
    broken: Flags  # [N]: by an attack; was right or wrong before
    distance: Distances  # [N], in the norm that was asked for; l2 where there is no ball
    stages: tuple[Stage, ...]
    seconds: float

    @property
    def robust(self) -> Proportion:
        """An upper bound on robust accuracy."""
        return Proportion.of(self.withstood)

    def spent(self) -> dict[str, float]:
        """Steps, queries and seconds a picture."""
        n = len(self.guess)
        steps, queries = (sum(getattr(stage, what) for stage in self.stages) for what in ("steps", "queries"))
        return {"steps": steps / n, "queries": queries / n, "seconds": self.seconds / n}


@dataclass(frozen=True, eq=False)
class Results:
    """What a run found."""

    header: Line
    truth: Indices  # [N]
    right: Flags  # [N]: clean pictures that are named rightly
    levels: tuple[Level, ...]  # by epsilon, ascending
    examples: tuple[Line, ...]

    @classmethod
    def read(cls, journal: Journal) -> Self:
        """Puts all chunks of a journal in order."""
        lines = [journal.done[chunk] for chunk in range(len(journal.done))]
        header, places = journal.header, range(len(journal.header["epsilons"]))
        if sum(len(line["truth"]) for line in lines) != header["n"]:
            raise ValueError(f"{journal.folder}: the run is not finished")
        seconds = [sum(journal.seconds[chunk][place] for chunk in journal.done) for place in places]
        return cls(
            header=header,
            truth=np.array(_joined(line["truth"] for line in lines), np.int64),
            right=np.array(_joined(line["right"] for line in lines), bool),
            levels=tuple(
                _level(header, place, [line["at"][place] for line in lines], seconds[place]) for place in places
            ),
            examples=tuple(_joined(line["examples"] for line in lines)),
        )

    @property
    def clean(self) -> Proportion:
        """Top-1 before anything was done."""
        return Proportion.of(self.right)

    def nearest(self) -> Distances:
        """How near the nearest broken picture is that was found of each, of those named rightly; else infinity."""
        found = np.full(len(self.truth), np.inf)
        for level in self.levels:
            found = np.where(level.broken, np.minimum(found, level.distance), found)
        return found[self.right]


def _level(header: Line, place: int, parts: Sequence[Line], seconds: float) -> Level:
    attacks = [one["name"] for one in header["attacks"]]
    return Level(
        epsilon=header["epsilons"][place],
        guess=np.array(_joined(part["guess"] for part in parts), np.int64),
        withstood=np.array(_joined(part["withstood"] for part in parts), bool),
        broken=np.array(_joined(part["broken_by"] for part in parts), np.int64) >= 0,
        distance=np.array(_joined(part[header["norm"] or "l2"] for part in parts), np.float64),
        stages=tuple(_stage(name, [part["stages"][at] for part in parts]) for at, name in enumerate(attacks)),
        seconds=seconds,
    )


def _stage(name: str, parts: Sequence[Line]) -> Stage:
    return Stage(name, **{what: sum(part[what] for part in parts) for what in ("faced", "broke", "queries", "steps")})


def _joined(parts: Any) -> list[Any]:
    return list(chain.from_iterable(parts))
