"""What is counted of each model by name, for Prometheus, and the same as the protocol's statistics tell it.

a request --timed--> seconds by outcome, crops, seconds by stage --statistics--> counts and nanoseconds

Both ways that the protocol is carried on count; `/v1/classify` does not, whose frames may ask several models at once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter, time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from roadsight_service.inference_protocol.faces import Face
from roadsight_service.metrics import Clock

_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5)
_LABELS = ("model", "version")
_STAGES = {
    "queue": ("queue",),
    "compute_input": ("decode", "preprocess"),
    "compute_infer": ("inference",),
    "compute_output": ("postprocess",),
}
_USED = tuple(stage for stages in _STAGES.values() for stage in stages)


class ProtocolMetrics:
    """The series of the protocol; labels come from bundles."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._seconds = Histogram(
            "roadsight_protocol_seconds",
            "Whole inference, failures too.",
            [*_LABELS, "outcome"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._stages = Counter(
            "roadsight_protocol_stage_seconds_total",
            "Time in a stage, of inferences that succeeded.",
            [*_LABELS, "stage"],
            registry=registry,
        )
        self._inferences = Counter(
            "roadsight_protocol_inferences_total", "Crops and pictures answered.", _LABELS, registry=registry
        )
        self._last = Gauge(
            "roadsight_protocol_last_inference_seconds", "When the last one was, Unix time.", _LABELS, registry=registry
        )

    @contextmanager
    def failing(self, face: Face, clock: Clock) -> Iterator[None]:
        """Counts the block if it fails."""
        try:
            yield
        except BaseException:
            self._seconds.labels(face.name, face.version, "fail").observe(perf_counter() - clock.started)
            raise

    def succeeded(self, face: Face, inferences: int, clock: Clock) -> None:
        """Counts a request that was answered, of so many crops or pictures."""
        which = face.name, face.version
        self._seconds.labels(*which, "success").observe(perf_counter() - clock.started)
        self._inferences.labels(*which).inc(inferences)
        self._last.labels(*which).set(time())
        for stage in _USED:
            self._stages.labels(*which, stage).inc(clock.spent.get(stage, 0.0))

    def of(self, face: Face) -> dict[str, object]:
        """A `$model_stat`. What it has as executions are requests: a batch on a lane may hold crops of several."""
        which = {"model": face.name, "version": face.version}
        answered = self._value("roadsight_protocol_seconds_count", which | {"outcome": "success"})
        stats = {outcome: self._whole(which, outcome) for outcome in ("success", "fail")}
        for name, stages in _STAGES.items():
            seconds = [self._value("roadsight_protocol_stage_seconds_total", which | {"stage": one}) for one in stages]
            stats[name] = _duration(answered, sum(seconds))
        return {
            "name": face.name,
            "version": face.version,
            "last_inference": int(1e3 * self._value("roadsight_protocol_last_inference_seconds", which)),
            "inference_count": int(self._value("roadsight_protocol_inferences_total", which)),
            "execution_count": int(answered),
            "inference_stats": stats | {"cache_hit": _duration(0, 0), "cache_miss": _duration(0, 0)},
            "batch_stats": [],
        }

    def _whole(self, which: dict[str, str], outcome: str) -> dict[str, int]:
        count, total = (
            self._value(f"roadsight_protocol_seconds_{part}", which | {"outcome": outcome}) for part in ("count", "sum")
        )
        return _duration(count, total)

    def _value(self, name: str, labels: dict[str, str]) -> float:
        return self._registry.get_sample_value(name, labels) or 0.0


def _duration(count: float, seconds: float) -> dict[str, int]:
    return {"count": int(count), "ns": round(seconds * 1e9)}
