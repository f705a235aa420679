"""What a client wants to know of a region, and what is found.

Question --Checks--> Finding
"""

from dataclasses import dataclass

from roadsight_models.judgement import Judgement
from roadsight_models.raw_layout import Layout
from roadsight_models.regions import Region
from roadsight_models.robustness.attack import Attack
from roadsight_models.robustness.check import Check
from roadsight_models.robustness.smoothing import Smoothing
from roadsight_models.robustness.threat import ThreatModel
from roadsight_models.session import Session


@dataclass(frozen=True)
class Attempt:
    """What is tried to bend the answer."""

    attacks: tuple[Attack, ...]  # in turn, until one breaks it
    threat: ThreatModel
    target: str | None = None  # name or number of what it is to be taken for
    search: bool = False  # for the smallest epsilon
    image: bool = False  # the adversarial picture is wanted, too


@dataclass(frozen=True)
class Question:
    """What a client wants to know of one region."""

    deadline: float  # seconds on the monotonic clock
    how: Attempt | Smoothing  # to bend its answer, or to prove that it can't be bent
    task: str | None = None  # the only one that is served, if None
    region: Region | None = None  # the whole frame, if None
    label: str | None = None  # name or number of the true class
    seed: int = 0
    layout: Layout | None = None  # of a raw frame; None where the body is a file


@dataclass(frozen=True)
class Spent:
    """What a check cost."""

    steps: int  # pictures that were differentiated
    queries: int  # pictures that the model was asked about
    seconds: float


@dataclass(frozen=True, eq=False)
class Finding:
    """What is said of the region."""

    width: int  # of the frame
    height: int
    region: Region
    session: Session
    check: Check
    clean: Judgement
    adversarial: Judgement | None
    png: bytes | None  # what broke it, at the network's input size, if that was asked for
    spent: Spent
