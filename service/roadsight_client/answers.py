"""The answers of `POST /v1/classify` and `POST /v1/robustness`, typed and frozen.

A field that a newer service adds is ignored; one that is missing is an error.
"""

import base64
from dataclasses import dataclass
from typing import Any, TypeVar

_Kind = TypeVar("_Kind")


@dataclass(frozen=True)
class Prediction:
    """A class and its calibrated probability."""

    label: str
    index: int
    probability: float


@dataclass(frozen=True)
class Result:
    """What one model says of one region; `status` is ok, uncertain or unknown (then `reason` says why)."""

    task: str
    version: str
    status: str
    reason: str | None
    predictions: tuple[Prediction, ...]


@dataclass(frozen=True)
class Region:
    """A region as it was judged: `box` x1, y1, x2, y2 in pixels, clipped at the picture."""

    box: tuple[float, float, float, float]
    track: str | None
    results: tuple[Result, ...]


@dataclass(frozen=True)
class Frame:
    """The frame, with what the client said of it."""

    id: str | None
    camera: str | None
    captured_at: str | None
    width: int
    height: int


@dataclass(frozen=True)
class Answer:
    """One frame's answer; `timings_ms` maps each stage to milliseconds."""

    frame: Frame
    regions: tuple[Region, ...]
    timings_ms: dict[str, float]


@dataclass(frozen=True)
class Distance:
    """How far a picture is from the clean one, in pixel units of [0, 1]."""

    linf: float
    l2: float


@dataclass(frozen=True)
class Spent:
    """What a check cost: pictures differentiated, pictures asked about, seconds."""

    steps: int
    queries: int
    seconds: float


@dataclass(frozen=True)
class Check:
    """How one region stood an attack; `verdict` is robust, broken or already_wrong (then nothing was tried)."""

    frame: Frame
    region: tuple[float, float, float, float]  # as it was judged: clipped at the picture
    task: str
    version: str
    verdict: str
    clean: Result
    adversarial: Result | None  # what is said of the attacked picture
    distance: Distance | None  # of that picture
    epsilon: float | None  # within which it was attacked; of a search, the smallest that broke it
    spent: Spent
    image: bytes | None  # what broke it, if asked for: a PNG
    timings_ms: dict[str, float]


def parse_check(answer: dict[str, Any]) -> Check:
    """Reads the JSON object of a check.

    Raises:
        KeyError, TypeError, ValueError: a field is missing or of another kind.
    """
    x1, y1, x2, y2 = answer["region"]
    adversarial, distance, image = answer["adversarial"], answer["distance"], answer["image"]
    read = {
        "frame": _known(Frame, answer["frame"]),
        "region": (x1, y1, x2, y2),
        "clean": _result(answer["clean"]),
        "adversarial": None if adversarial is None else _result(adversarial),
        "distance": None if distance is None else _known(Distance, distance),
        "spent": _known(Spent, answer["spent"]),
        "image": None if image is None else base64.b64decode(image, validate=True),
        "timings_ms": dict(answer["timings_ms"]),
    }
    return _known(Check, answer | read)


def parse(answer: dict[str, Any]) -> Answer:
    """Reads the JSON object of a classification.

    Raises:
        KeyError, TypeError: a field is missing or of another kind.
    """
    return Answer(
        frame=_known(Frame, answer["frame"]),
        regions=tuple(_region(region) for region in answer["regions"]),
        timings_ms=dict(answer["timings_ms"]),
    )


def _region(region: dict[str, Any]) -> Region:
    x1, y1, x2, y2 = region["box"]
    return Region((x1, y1, x2, y2), region.get("track"), tuple(_result(result) for result in region["results"]))


def _result(result: dict[str, Any]) -> Result:
    predictions = tuple(_known(Prediction, prediction) for prediction in result["predictions"])
    return _known(Result, result | {"predictions": predictions})


def _known(kind: type[_Kind], fields: dict[str, Any]) -> _Kind:
    return kind(**{name: fields[name] for name in kind.__annotations__})
