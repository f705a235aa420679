"""What Prometheus sees. One `Metrics` per application, made by its lifespan; nothing global.

Times are histograms in seconds with millisecond buckets, so that they can be aggregated over machines.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from time import perf_counter
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from roadsight_models.judgement import Judgement
from roadsight_service.served import Models

STAGES = ("receive", "decode", "preprocess", "queue", "inference", "postprocess", "total")
# fmt: off
_SECONDS = (
    0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1, 2, 5, 10,
)
# fmt: on
_CROPS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
_CONFIDENCE = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999, 1.0)


class Shown(Protocol):
    """What is shown of a machine room."""

    @property
    def models(self) -> Models:
        """What serves, by task."""

    @property
    def is_ready(self) -> bool:
        """Whether there are lanes."""

    def __len__(self) -> int:
        """How many frames wait."""


class Metrics:
    """The registry and every series in it. Label values come from fixed sets, never from a client."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        r = self.registry
        self.requests = Counter("roadsight_requests_total", "Answered requests.", ["route", "code"], registry=r)
        self.request_seconds = Histogram(
            "roadsight_request_seconds", "Whole request, failures too.", ["route"], buckets=_SECONDS, registry=r
        )
        self.stage_seconds = Histogram(
            "roadsight_stage_seconds", "Time in a stage, failures too.", ["stage"], buckets=_SECONDS, registry=r
        )
        self.batch_size = Histogram("roadsight_batch_size", "Crops in one inference.", buckets=_CROPS, registry=r)
        self.queue_depth = Gauge("roadsight_queue_depth", "Frames that wait for a lane.", registry=r)
        self.queue_wait = Histogram(
            "roadsight_queue_wait_seconds", "Wait for a lane and a batch.", buckets=_SECONDS, registry=r
        )
        self.dropped = Counter(
            "roadsight_frames_dropped_total", "Frames given up before an answer.", ["reason"], registry=r
        )
        self.lanes_lost = Counter("roadsight_lanes_lost_total", "Lanes that died and were replaced.", registry=r)
        self.predictions = Counter(
            "roadsight_predictions_total", "Regions by their most likely label.", ["task", "label"], registry=r
        )
        self.confidence = Histogram(
            "roadsight_confidence", "Top probability of a region.", ["task"], buckets=_CONFIDENCE, registry=r
        )
        self.model_info = Gauge(
            "roadsight_model_info", "1 for each model served.", ["task", "version", "precision", "provider"], registry=r
        )
        self.fallback = Gauge(
            "roadsight_provider_fallback", "1 where `auto` fell back to the CPU.", ["task", "provider"], registry=r
        )
        self.ready = Gauge("roadsight_ready", "1 once every model is warm and golden.", registry=r)
        for counted in (self.requests, self.request_seconds, self.stage_seconds, self.predictions, self.confidence):
            # Finding a child takes a lock and formats its labels; every frame asks for a dozen.
            counted.labels = cache(counted.labels)  # type: ignore[method-assign, assignment]

    def watch(self, room: Shown) -> None:
        """Shows what serves, whether it can, and how many frames wait."""
        self.serves(room.models)
        self.queue_depth.set_function(lambda: len(room))
        self.ready.set_function(lambda: room.is_ready)

    def serves(self, models: Models) -> None:
        """Shows what serves, and no more what served before."""
        self.model_info.clear()
        self.fallback.clear()
        for model in models.values():
            manifest = model.manifest
            self.model_info.labels(manifest.task, manifest.version, model.precision, model.provider).set(1)
            self.fallback.labels(manifest.task, model.provider).set(model.fallback is not None)

    def judged(self, task: str, judgement: Judgement) -> None:
        """Counts one answered region."""
        if judgement.predictions:
            first = judgement.predictions[0]
            self.predictions.labels(task, first.label).inc()
            self.confidence.labels(task).observe(first.probability)
        else:
            self.predictions.labels(task, judgement.status).inc()


class Clock:
    """The stop-watch of one frame: seconds by stage, observed once, when the frame is done with."""

    def __init__(self) -> None:
        self.started = perf_counter()
        self.spent: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Times the block, also when it fails."""
        start = perf_counter()
        try:
            yield
        finally:
            self.add(name, perf_counter() - start)

    def add(self, name: str, seconds: float) -> None:
        """Adds to a stage what was measured elsewhere, such as a share in a batch."""
        self.spent[name] = self.spent.get(name, 0.0) + seconds

    def observe(self, metrics: Metrics) -> None:
        """Hands every stage that was reached to Prometheus, and the total until now."""
        spent = dict(self.spent)  # a lane may still be at work on a frame that was given up
        for name, seconds in spent.items():
            metrics.stage_seconds.labels(name).observe(seconds)
        metrics.stage_seconds.labels("total").observe(perf_counter() - self.started)
        if "queue" in spent:
            metrics.queue_wait.observe(spent["queue"])

    def milliseconds(self) -> dict[str, float]:
        """Every stage, 0 where it was not reached, and the total until now."""
        seconds = dict.fromkeys(STAGES, 0.0) | self.spent | {"total": perf_counter() - self.started}
        return {name: round(value * 1e3, 3) for name, value in seconds.items()}
