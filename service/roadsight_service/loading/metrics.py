"""What Prometheus sees of models that are changed."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter

OUTCOMES = ("loaded", "failed", "rolled_back")


class LoadMetrics:
    """The series of `POST /v1/models/{task}/load`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._loads = Counter(
            "roadsight_model_loads_total", "Models that were to be changed.", ["task", "outcome"], registry=registry
        )

    def watch(self, tasks: Iterable[str]) -> None:
        """Shows each outcome as 0, so that the first of its kind is seen as a rise."""
        for task in tasks:
            for outcome in OUTCOMES:
                self._loads.labels(task, outcome)

    def count(self, task: str, outcome: str) -> None:
        """Counts a load by its outcome; one that is rolled back had been loaded."""
        self._loads.labels(task, outcome).inc()
