"""What Prometheus sees of models that are changed."""

from collections.abc import Iterable
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge

from roadsight_models.judgement import Status
from roadsight_service.loading.relay import Heard, is_ours
from roadsight_service.metrics import SECONDS
from roadsight_service.observed.histogram import Histogram
from roadsight_service.room import Seen
from roadsight_service.served import Model, bundle_name

OUTCOMES = ("canary", "loaded", "failed", "rolled_back")


class LoadMetrics:
    """The series of loads, and while there is a canary those of both sides."""

    def __init__(self, registry: CollectorRegistry) -> None:
        r, side = registry, ["task", "bundle"]
        self._loads = Counter(
            "roadsight_model_loads_total", "Models that were to be changed.", ["task", "outcome"], registry=r
        )
        self._share = Gauge("roadsight_canary_share", "Share of the cameras that a canary has.", ["task"], registry=r)
        self._seconds = Histogram(
            "roadsight_canary_seconds", "Time of a frame, failures too.", side, buckets=SECONDS, registry=r
        )
        self._failures = Counter(
            "roadsight_canary_failures_total", "Frames that failed by our fault.", side, registry=r
        )
        self._judgements = Counter(
            "roadsight_canary_judgements_total", "Regions by ok, uncertain or unknown.", [*side, "status"], registry=r
        )

    def watch(self, tasks: Iterable[str]) -> None:
        """Shows each outcome as 0, so that the first of its kind is seen as a rise."""
        for task in tasks:
            self._share.labels(task).set(0)
            for outcome in OUTCOMES:
                self._loads.labels(task, outcome)

    def count(self, task: str, outcome: str) -> None:
        """Counts a load by its outcome; one that is rolled back had been loaded, or was a canary."""
        self._loads.labels(task, outcome).inc()

    def begin_canary(self, task: str, share: float, sides: Iterable[Model]) -> None:
        """Shows both sides, and no more those of the canary before."""
        for series in (self._seconds, self._failures, self._judgements):
            series.clear()
        self._share.labels(task).set(share)
        for name in map(bundle_name, sides):
            self._seconds.labels(task, name)
            self._failures.labels(task, name)
            for status in get_args(Status):
                self._judgements.labels(task, name, status)

    def heard(self, task: str, heard: Heard) -> None:
        """Notes a frame of either side."""
        name = bundle_name(heard.room.models[task])
        self._seconds.labels(task, name).observe(heard.seconds)
        if isinstance(heard.said, Exception):
            self._failures.labels(task, name).inc(is_ours(heard.said))
        elif isinstance(heard.said, Seen) and task in heard.tasks:
            column = heard.tasks.index(task)
            for row in heard.said.judgements:
                self._judgements.labels(task, name, row[column].status).inc()

    def end_canary(self, task: str) -> None:
        """Shows that there is none; what was seen of it stays."""
        self._share.labels(task).set(0)
