"""What a client wants to know of a region, and what is found: plain values, since another process may do the work.

Question --Room.examine--> Finding
"""

from dataclasses import dataclass
from difflib import get_close_matches

from roadsight_models.errors import BadParameter
from roadsight_models.judgement import Judgement
from roadsight_models.raw_layout import Layout
from roadsight_models.robustness.certificate import Smoothing
from roadsight_models.robustness.names import Verdict
from roadsight_service.schemas import Pixel

Corners = tuple[Pixel, Pixel, Pixel, Pixel]  # of a box, as whole numbers where they are whole
Index = int | None


@dataclass(frozen=True)
class Attempt:
    """What is tried to bend the answer."""

    attack: str  # its name
    norm: str
    epsilon: float
    steps: int | None = None  # the attack's own number, if None
    restarts: int | None = None
    target: str | None = None  # name or number of what it is to be taken for
    search: bool = False  # for the smallest epsilon
    image: bool = False  # the adversarial picture is wanted, too


@dataclass(frozen=True)
class Question:
    """What a client wants to know of one region."""

    deadline: float  # seconds on the monotonic clock
    how: Attempt | Smoothing  # to bend its answer, or to prove that it can't be bent
    task: str | None = None  # the only one that is served, if None
    version: str | None = None  # the one that serves, if None
    region: Corners | None = None  # the whole frame, if None
    label: str | None = None  # name or number of the true class
    seed: int = 0
    layout: Layout | None = None  # of a raw frame; None where the body is a file

    def classes(self, labels: tuple[str, ...]) -> tuple[Index, Index]:
        """The true class and the target, as indices of a model's labels; None where none was named.

        Raises:
            BadParameter: no such class.
        """
        target = self.how.target if isinstance(self.how, Attempt) else None
        return _index("label", self.label, labels), _index("target", target, labels)


@dataclass(frozen=True)
class Distance:
    """How far a picture is from the clean one, in pixel units."""

    linf: float
    l2: float


@dataclass(frozen=True)
class Proof:
    """What is certified of the smoothed classifier; see `Certificate`."""

    label: str | None
    index: Index
    radius: float
    sigma: float
    n: int
    votes: int
    share: float
    alpha: float


@dataclass(frozen=True)
class Spent:
    """What a check cost."""

    steps: int  # pictures that were differentiated
    queries: int  # pictures that the model was asked about
    seconds: float


@dataclass(frozen=True)
class Finding:
    """What is said of the region."""

    width: int  # of the frame
    height: int
    region: Corners
    task: str
    version: str  # of the model that was asked
    verdict: Verdict
    clean: Judgement
    spent: Spent
    adversarial: Judgement | None = None  # of the attacked picture, if one was made
    distance: Distance | None = None
    epsilon: float | None = None
    certificate: Proof | None = None
    png: bytes | None = None  # what broke it, at the network's input size, if that was asked for


def _index(name: str, said: str | None, labels: tuple[str, ...]) -> Index:
    """The class that a client means, by its name or its number."""
    if said is None or said in labels:
        return None if said is None else labels.index(said)
    if said.isascii() and said.isdecimal() and len(said) <= 6 and int(said) < len(labels):
        return int(said)
    near = get_close_matches(said[:40], labels, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else "see GET /v1/models"
    raise BadParameter(name, f"no class {said[:40]!r} of {len(labels)}; {hint}")
