"""The answer of `POST /v1/robustness`, typed and frozen, as `answers` has it."""

import base64
from dataclasses import dataclass
from typing import Any

from roadsight_client.answers import Frame, Result, known, result


@dataclass(frozen=True)
class Distance:
    """How far a picture is from the clean one, in pixel units of [0, 1]."""

    linf: float
    l2: float


@dataclass(frozen=True)
class Certificate:
    """What is proven of the smoothed classifier, which answers by vote under noise; not of a single answer."""

    label: str | None  # what it says; None: it abstained
    index: int | None
    radius: float  # no shorter change changes that: l2 over all values of the crop in [0, 1]; 0 if it abstained
    sigma: float  # standard deviation of the noise
    n: int  # noisy pictures that voted
    votes: int  # of them for the class; for the likeliest one if it abstained
    share: float  # of all noisy pictures, at least so many are for it
    alpha: float  # how likely the proof is wrong, at most


@dataclass(frozen=True)
class Spent:
    """What a check cost: pictures differentiated, pictures asked about, seconds."""

    steps: int
    queries: int
    seconds: float


@dataclass(frozen=True)
class Check:
    """How one region stood an attack; `verdict` is robust, broken or already_wrong (then nothing was tried).

    Of `certify` it is certified, abstained or already_wrong (another class than the true one is certified).
    """

    frame: Frame
    region: tuple[float, float, float, float]  # as it was judged: clipped at the picture
    task: str
    version: str
    verdict: str
    clean: Result
    adversarial: Result | None  # what is said of the attacked picture
    distance: Distance | None  # of that picture
    epsilon: float | None  # within which it was attacked; of a search, the smallest that broke it
    certificate: Certificate | None  # of `certify`
    spent: Spent
    image: bytes | None  # what broke it, if asked for: a PNG
    timings_ms: dict[str, float]


def parse(answer: dict[str, Any]) -> Check:
    """Reads the JSON object of a check.

    Raises:
        KeyError, TypeError, ValueError: a field is missing or of another kind.
    """
    x1, y1, x2, y2 = answer["region"]
    adversarial, distance, image = answer["adversarial"], answer["distance"], answer["image"]
    certificate = answer.get("certificate")
    read = {
        "frame": known(Frame, answer["frame"]),
        "region": (x1, y1, x2, y2),
        "clean": result(answer["clean"]),
        "adversarial": None if adversarial is None else result(adversarial),
        "distance": None if distance is None else known(Distance, distance),
        "certificate": None if certificate is None else known(Certificate, certificate),
        "spent": known(Spent, answer["spent"]),
        "image": None if image is None else base64.b64decode(image, validate=True),
        "timings_ms": dict(answer["timings_ms"]),
    }
    return known(Check, answer | read)
