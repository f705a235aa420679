"""The answer of `GET /v1/models`, typed and frozen, as `answers` has it."""

from dataclasses import dataclass
from typing import Any

from roadsight_client.answers import known


@dataclass(frozen=True)
class Metric:
    """A published figure: what was measured, on which split, on how many pictures, and how sure it is (95 %)."""

    name: str
    split: str
    value: float
    interval: tuple[float, float] | None
    n: int


@dataclass(frozen=True)
class Robustness:
    """How many pictures withstood an attack: an upper bound, since a better attack may break more."""

    attack: str
    options: str  # of `roadsight attack`, where it was not by default: `--steps 100`
    parameters: str
    norm: str | None  # None: the attack has no ball
    epsilon: float | None  # of pixels in [0, 1]
    target: str | None  # the label that pictures were to get; None: any but their own
    jpeg: int | None  # quality of the file that pictures passed through
    precision: str
    split: str
    n: int
    seed: int
    clean_top1: float
    robust_top1: float
    interval: tuple[float, float]  # 95 % of robust_top1
    steps: float  # gradients a picture, on average
    queries: float  # questions a picture, on average


@dataclass(frozen=True)
class Model:
    """A model that serves."""

    name: str
    task: str
    version: str
    architecture: str
    labels: tuple[str, ...]
    precision: str
    provider: str
    fallback: str | None  # why `auto` runs on the CPU
    without_graphs: str | None  # why a GPU runs it without CUDA graphs
    licence: str
    digest: str
    metrics: tuple[Metric, ...]
    robustness: tuple[Robustness, ...]


def parse(answer: dict[str, Any]) -> tuple[Model, ...]:
    """Reads the JSON object of all models.

    Raises:
        KeyError, TypeError, ValueError: a field is missing or of another kind.
    """
    return tuple(_model(model) for model in answer["models"])


def _model(model: dict[str, Any]) -> Model:
    read = {
        "labels": tuple(model["labels"]),
        "metrics": tuple(known(Metric, _measured(one)) for one in model["metrics"]),
        "robustness": tuple(known(Robustness, _measured(one)) for one in model.get("robustness", ())),
    }
    return known(Model, model | read)


def _measured(figure: dict[str, Any]) -> dict[str, Any]:
    interval = figure["interval"]
    if interval is None:
        return figure
    low, high = interval
    return figure | {"interval": (low, high)}
