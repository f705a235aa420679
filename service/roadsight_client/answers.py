"""The answer of `POST /v1/classify`, typed and frozen.

A field that a newer service adds is ignored; one that is missing is an error.
"""

from dataclasses import dataclass
from typing import Any, TypeVar

Kind = TypeVar("Kind")


@dataclass(frozen=True)
class Prediction:
    """A class and its calibrated probability."""

    label: str
    index: int
    probability: float


@dataclass(frozen=True)
class Fused:
    """What the frames of a track say together: how many, this one included, and `status` as of a result."""

    frames: int
    status: str
    predictions: tuple[Prediction, ...]


@dataclass(frozen=True)
class Result:
    """What one model says of one region; `status` is ok, uncertain or unknown (then `reason` says why)."""

    task: str
    version: str
    status: str
    reason: str | None
    predictions: tuple[Prediction, ...]
    suspicion: float | None = None  # how far the answer hangs on detail, 0 to 2; None: not asked for, nothing judged
    fused: Fused | None = None  # of a `Tracked` region whose camera is named; None: of another, or nothing was judged


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
    age_ms: float | None = None  # from capture to the answer; None: not said when that was, or by an older service


@dataclass(frozen=True)
class Answer:
    """One frame's answer; `timings_ms` maps each stage to milliseconds."""

    frame: Frame
    regions: tuple[Region, ...]
    timings_ms: dict[str, float]


def parse(answer: dict[str, Any]) -> Answer:
    """Reads the JSON object of a classification.

    Raises:
        KeyError, TypeError: a field is missing or of another kind.
    """
    return Answer(
        frame=known(Frame, answer["frame"]),
        regions=tuple(_region(region) for region in answer["regions"]),
        timings_ms=dict(answer["timings_ms"]),
    )


def _region(region: dict[str, Any]) -> Region:
    x1, y1, x2, y2 = region["box"]
    return Region((x1, y1, x2, y2), region.get("track"), tuple(result(said) for said in region["results"]))


def result(said: dict[str, Any]) -> Result:
    """Reads what one model says of one region."""
    told = said.get("fused")
    fused = None if told is None else known(Fused, told | {"predictions": _predictions(told)})
    return known(Result, said | {"predictions": _predictions(said), "fused": fused})


def _predictions(said: dict[str, Any]) -> tuple[Prediction, ...]:
    return tuple(known(Prediction, prediction) for prediction in said["predictions"])


def known(kind: type[Kind], fields: dict[str, Any]) -> Kind:
    """Makes one of these dataclasses of the fields that it knows; one that has a default may be missing."""
    return kind(**{name: fields[name] for name in kind.__annotations__ if name in fields or not hasattr(kind, name)})
