"""What is noted of every request, and of every frame of a stream, whatever becomes of it.

request --app--> answer --Notes--> requests, seconds, a line in the log, spans
"""

from collections.abc import Mapping
from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from roadsight_service.metrics import Metrics
from roadsight_service.request_log import Problem, RequestLog
from roadsight_service.routes.problems import TOLD
from roadsight_service.routes.trace import trace_of, traceparent
from roadsight_service.tracing import SPENT, Tracer


class Notes:
    """Counts, times, logs and traces what was asked, by route and status, failures too."""

    def __init__(self, metrics: Metrics, tracer: Tracer | None) -> None:
        self._metrics, self._log, self._tracer = metrics, RequestLog(), tracer

    def take(self, scope: Scope, status: int, seconds: float) -> None:
        """Takes a request that was answered."""
        # Only routes that exist make a series: a client that tries paths can't grow the metrics.
        route, parent = getattr(scope.get("route"), "path", "unmatched"), traceparent(scope["headers"])
        self.note(route, status, seconds, parent, scope.get(SPENT, {}), scope.get(TOLD))

    def note(
        self,
        route: str,
        status: int,
        seconds: float,
        parent: str | None,
        spent: Mapping[str, float],
        problem: Problem | None,
    ) -> None:
        """Takes what was answered in some seconds.

        Args:
            route: its path, as routes have it.
            status: of the answer.
            seconds: that it took.
            parent: its `traceparent`.
            spent: seconds by stage.
            problem: what its client was told instead of an answer.
        """
        trace = parent and trace_of(parent)
        if self._tracer is not None:
            trace = self._tracer.record(parent, route, status, seconds, spent) or trace
        self._metrics.requests.labels(route, str(status)).inc()
        exemplar = None if trace is None else {"trace_id": trace}
        self._metrics.request_seconds.labels(route).observe(seconds, exemplar)
        self._log.note(route, status, seconds, trace, problem)


class Measured:
    """An application of which every request is noted."""

    def __init__(self, app: ASGIApp, notes: Notes) -> None:
        self._app, self._notes = app, notes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Is called by the application."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, status = perf_counter(), 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            self._notes.take(scope, status, perf_counter() - start)
