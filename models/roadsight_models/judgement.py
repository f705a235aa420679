"""What is said of a region: a class and how likely it is, or an honest refusal to say."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "uncertain", "unknown"]


@dataclass(frozen=True)
class Prediction:
    """A class and how likely it is."""

    label: str
    index: int
    probability: float


@dataclass(frozen=True)
class Judgement:
    """What is said of one region. `unknown` has a reason and no predictions."""

    status: Status
    reason: str | None
    predictions: tuple[Prediction, ...]  # most likely first
    suspicion: float | None = None  # how far the answer hangs on detail, 0 to 2; None: not asked, or not judged
