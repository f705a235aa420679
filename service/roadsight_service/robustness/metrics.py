"""What Prometheus sees of the checks: as bounded as all the rest, no label comes from a client."""

from collections.abc import Sized

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from roadsight_service.robustness.question import Finding

_SECONDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60)


class CheckMetrics:
    """The series of `POST /v1/robustness`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        r = registry
        self._requests = Counter(
            "roadsight_robustness_requests_total",
            "Checks by verdict, or by the code of the error.",
            ["code"],
            registry=r,
        )
        self.seconds = Histogram(
            "roadsight_robustness_seconds", "A check at work, pauses and failures too.", buckets=_SECONDS, registry=r
        )
        self._steps = Counter(
            "roadsight_robustness_steps_total", "Pictures that answered checks differentiated.", registry=r
        )
        self._queries = Counter(
            "roadsight_robustness_queries_total", "Pictures that answered checks asked about.", registry=r
        )
        self.running = Gauge("roadsight_robustness_running", "Checks at work: none or one.", registry=r)
        self.waiting = Gauge("roadsight_robustness_waiting", "Checks that wait for it: none or one.", registry=r)

    def watch(self, queue: Sized) -> None:
        """Shows how many checks wait."""
        self.waiting.set_function(lambda: len(queue))

    def found(self, finding: Finding) -> None:
        """Counts a check that is answered, and what it took; one that was ended can't tell."""
        self.count(finding.verdict)
        self._steps.inc(finding.spent.steps)
        self._queries.inc(finding.spent.queries)

    def count(self, code: str) -> None:
        """Counts a request by its verdict, or by the code of what it was told instead."""
        self._requests.labels(code).inc()
