"""What is noted of every request, whatever carried it and whatever becomes of it.

route, status, seconds, stages --note--> counters, histogram, a line in the log, spans
"""

from collections.abc import Mapping

from roadsight_service.metrics import Metrics
from roadsight_service.request_log import Problem, RequestLog
from roadsight_service.trace import trace_of
from roadsight_service.tracing import Tracer


class Requests:
    """Counts, times, logs and traces requests by route and status."""

    def __init__(self, metrics: Metrics, tracer: Tracer | None) -> None:
        self._metrics, self._log, self._tracer = metrics, RequestLog(), tracer

    def note(
        self,
        route: str,
        status: int,
        seconds: float,
        parent: str | None,
        spent: Mapping[str, float],
        problem: Problem | None,
    ) -> None:
        """Takes a request that has come to its end.

        Args:
            route: of those that there are: a client that tries paths can't grow the metrics.
            status: of HTTP, whatever carried it.
            seconds: that it took.
            parent: its `traceparent`.
            spent: seconds by stage.
            problem: what it was told instead of an answer.
        """
        trace = parent and trace_of(parent)
        if self._tracer is not None:
            trace = self._tracer.record(parent, route, status, seconds, spent) or trace
        self._metrics.requests.labels(route, str(status)).inc()
        exemplar = None if trace is None else {"trace_id": trace}
        self._metrics.request_seconds.labels(route).observe(seconds, exemplar)
        self._log.note(route, status, seconds, trace, problem)
