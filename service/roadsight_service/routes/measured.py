"""What is noted of every request, whatever becomes of it.

request --app--> answer --> Requests
"""

from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from roadsight_service.observed.requests import Requests
from roadsight_service.routes.problems import TOLD
from roadsight_service.trace import traceparent
from roadsight_service.tracing import SPENT


class Measured:
    """An application of which every request is noted, failures too."""

    def __init__(self, app: ASGIApp, requests: Requests) -> None:
        self._app, self._requests = app, requests

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
            self._requests.note(route, code, seconds, parent, scope[SPENT], scope[TOLD])
