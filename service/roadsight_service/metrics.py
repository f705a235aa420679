"""What Prometheus sees. One `Metrics` per application, made by its lifespan; nothing global.

Times are histograms in seconds with millisecond buckets, so that they can be aggregated over machines.
"""

from functools import cache
from importlib.metadata import version
from platform import python_version
from time import perf_counter
from typing import Protocol

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, ProcessCollector

from roadsight_models import errors
from roadsight_service.observed.gpu import watch_gpus
from roadsight_service.observed.histogram import Histogram
from roadsight_service.observed.models import ModelMetrics
from roadsight_service.observed.pictures import PictureMetrics
from roadsight_service.served import Models

STAGES = ("receive", "decode", "preprocess", "queue", "inference", "postprocess", "total")
# fmt: off
SECONDS = (
    0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1, 2, 5, 10,
)
# fmt: on
_CROPS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
GONE = "client_gone"
SUPERSEDED = "superseded"
_DROPS = (
    errors.DeadlineMissed.code,
    errors.QueueFull.code,
    errors.Draining.code,
    errors.LaneLost.code,
    GONE,
    SUPERSEDED,
)


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
        self.request_seconds = prometheus_client.Histogram(
            "roadsight_request_seconds", "Whole request, failures too.", ["route"], buckets=SECONDS, registry=r
        )
        self.stage_seconds = Histogram(
            "roadsight_stage_seconds", "Time in a stage, failures too.", ["stage"], buckets=SECONDS, registry=r
        )
        self.batch_size = Histogram("roadsight_batch_size", "Crops in one inference.", buckets=_CROPS, registry=r)
        self.queue_wait = Histogram(
            "roadsight_queue_wait_seconds", "Wait for a lane and a batch.", buckets=SECONDS, registry=r
        )
        self.lanes_lost = Counter("roadsight_lanes_lost_total", "Lanes that died and were replaced.", registry=r)
        self._dropped = Counter(
            "roadsight_frames_dropped_total", "Frames given up before an answer.", ["reason"], registry=r
        )
        for reason in _DROPS:
            self._dropped.labels(reason)
        self.streams = Gauge("roadsight_streams", "Open connections to /v1/stream.", registry=r)
        self._queue_depth = Gauge("roadsight_queue_depth", "Frames that wait for a lane.", registry=r)
        self._queue_limit = Gauge("roadsight_queue_limit", "Frames that may wait.", registry=r)
        self._lanes = Gauge("roadsight_lanes", "Lanes that there should be.", registry=r)
        self._ready = Gauge("roadsight_ready", "1 once every model is warm and golden.", registry=r)
        build = Gauge("roadsight_build_info", "1, of what runs.", ["version", "python"], registry=r)
        build.labels(version("roadsight"), python_version()).set(1)
        ProcessCollector(registry=r)
        self.models, self.pictures = ModelMetrics(r), PictureMetrics(r)
        for counted in (self.requests, self.request_seconds, self.stage_seconds):
            # Finding a child takes a lock and formats its labels; every frame asks for a dozen.
            counted.labels = cache(counted.labels)  # type: ignore[method-assign, assignment]

    def watch(self, room: Shown, queue_frames: int, lanes: int) -> None:
        """Shows what serves, whether it can, how many frames wait, and how many may."""
        self.models.watch(room.models)
        self._queue_limit.set(queue_frames)
        self._lanes.set(lanes)
        self._queue_depth.set_function(lambda: len(room))
        self._ready.set_function(lambda: room.is_ready)
        if any(model.provider != "cpu" for model in room.models.values()):
            watch_gpus(self.registry)

    def dropped(self, code: str) -> None:
        """Counts a frame that ended with this code, if that means that it was given up."""
        if code in _DROPS:
            self._dropped.labels(code).inc()


class Clock:
    """The stop-watch of one frame: seconds by stage, observed once, when the frame is done with."""

    def __init__(self) -> None:
        self.started = perf_counter()
        self.spent: dict[str, float] = {}

    def stage(self, name: str) -> "_Stage":
        """Times a block, also when it fails."""
        return _Stage(self, name)

    def add(self, name: str, seconds: float) -> None:
        """Adds to a stage what was measured elsewhere, such as a share in a batch."""
        self.spent[name] = self.spent.get(name, 0.0) + seconds

    @property
    def elapsed(self) -> float:
        """Seconds since it was started."""
        return perf_counter() - self.started

    def observe(self, metrics: Metrics) -> None:
        """Hands every stage that was reached to Prometheus, and the total until now."""
        spent = dict(self.spent)  # a lane may still be at work on a frame that was given up
        for name, seconds in spent.items():
            metrics.stage_seconds.labels(name).observe(seconds)
        metrics.stage_seconds.labels("total").observe(self.elapsed)
        if "queue" in spent:
            metrics.queue_wait.observe(spent["queue"])

    def milliseconds(self) -> dict[str, float]:
        """Every stage, 0 where it was not reached, and the total until now."""
        seconds = dict.fromkeys(STAGES, 0.0) | self.spent | {"total": self.elapsed}
        return {name: round(value * 1e3, 3) for name, value in seconds.items()}


class _Stage:
    """A block that is timed; a generator's context manager would take longer, several times a frame."""

    def __init__(self, clock: Clock, name: str) -> None:
        self._clock, self._name = clock, name

    def __enter__(self) -> None:
        self._start = perf_counter()

    def __exit__(self, *_: object) -> None:
        self._clock.add(self._name, perf_counter() - self._start)
