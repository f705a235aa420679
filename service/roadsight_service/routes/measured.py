"""What is noted of every request, whatever becomes of it.

request --app--> answer --> requests, seconds, a line in the log, spans
"""

from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from roadsight_service.metrics import Metrics
from roadsight_service.request_log import RequestLog
from roadsight_service.routes.problems import TOLD
from roadsight_service.routes.trace import trace_of, traceparent
from roadsight_service.tracing import SPENT, Tracer


class Measured:
    """Counts, times, logs and traces every request by route and status, failures too."""

    def __init__(self, app: ASGIApp, metrics: Metrics, log: RequestLog, tracer: Tracer | None) -> None:
        self._app, self._metrics, self._log, self._tracer = app, metrics, log, tracer

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
            route = getattr(scope.get("route"), "path", "unmatched")
            seconds, parent = perf_counter() - start, traceparent(scope["headers"])
            trace = parent and trace_of(parent)
            if self._tracer is not None:
                trace = self._tracer.record(parent, route, code, seconds, scope[SPENT]) or trace
            self._metrics.requests.labels(route, str(code)).inc()
            exemplar = None if trace is None else {"trace_id": trace}
            self._metrics.request_seconds.labels(route).observe(seconds, exemplar)
            self._log.note(route, code, seconds, trace, scope[TOLD])
