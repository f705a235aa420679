"""What is noted of every request, whatever becomes of it.

request --app--> answer --Notes--> Requests
"""

from time import perf_counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from roadsight_service.observed.requests import Requests
from roadsight_service.routes.problems import TOLD
from roadsight_service.trace import traceparent
from roadsight_service.tracing import SPENT


class Notes:
    """Tells `Requests` of a request what its scope says of it."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests

    def take(self, scope: Scope, status: int, seconds: float) -> None:
        """Takes a request that was answered."""
        # Only routes that exist make a series: a client that tries paths can't grow the metrics.
        route, parent = getattr(scope.get("route"), "path", "unmatched"), traceparent(scope["headers"])
        self._requests.note(route, status, seconds, parent, scope.get(SPENT, {}), scope.get(TOLD))


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
