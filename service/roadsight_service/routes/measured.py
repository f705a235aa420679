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

    def __init__(self, metrics: Metrics, log: RequestLog, tracer: Tracer | None) -> None:
        self._metrics, self._log, self._tracer = metrics, log, tracer

    def take(
        self,
        route: str,
        code: int,
        seconds: float,
        parent: str | None,
        spent: Mapping[str, float],
        problem: Problem | None,
    ) -> None:
        """Notes what was answered, and in how many seconds.

        Args:
            route: its path, as routes have it.
            code: of the answer.
            seconds: that it took.
            parent: its `traceparent`.
            spent: seconds by stage.
            problem: what its client was told instead of an answer.
        """
        trace = parent and trace_of(parent)
        if self._tracer is not None:
            trace = self._tracer.record(parent, route, code, seconds, spent) or trace
        self._metrics.requests.labels(route, str(code)).inc()
        exemplar = None if trace is None else {"trace_id": trace}
        self._metrics.request_seconds.labels(route).observe(seconds, exemplar)
        self._log.note(route, code, seconds, trace, problem)


class Measured:
    """Notes every request."""

    def __init__(self, app: ASGIApp, notes: Notes) -> None:
        self._app, self._notes = app, notes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Is called by the application."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, code = perf_counter(), 500
        scope[TOLD], scope[SPENT] = None, {}

        async def watched(message: Message) -> None:
            nonlocal code
            if message["type"] == "http.response.start":
                code = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            # Only routes that exist make a series: a client that tries paths can't grow the metrics.
            route, parent = getattr(scope.get("route"), "path", "unmatched"), traceparent(scope["headers"])
            self._notes.take(route, code, perf_counter() - start, parent, scope[SPENT], scope[TOLD])
