"""`WS /v1/stream`: frames in, answers out, on one connection; `docs/streams.md` says what a client may rely on.

upgrade --access, place--> accepted --Connection--> frames --> answers --> close
        Unauthorized, Forbidden, QueueFull, NotReady: answered with HTTP
"""

import asyncio
from collections.abc import MutableMapping
from functools import partial
from typing import Any

from starlette.types import Receive, Scope, Send

from roadsight_models.errors import QueueFull, RoadsightError
from roadsight_service.observed.requests import Requests
from roadsight_service.room import ClientGone
from roadsight_service.routes.given import Given
from roadsight_service.routes.problems import TOLD, tell
from roadsight_service.routes.state import State, state_of
from roadsight_service.routes.streamed import PATH, Streamed
from roadsight_service.stream.connection import STOPS, Connection, End
from roadsight_service.trace import traceparent


class Streams:
    """The door of all streams, as an ASGI application."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests
        self._open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Is called by the application, once a connection."""
        try:
            state = self._admit(scope)
        except RoadsightError as error:
            await tell(scope, error)(scope, receive, send)
            self._requests.note(PATH, error.status, 0.0, traceparent(scope["headers"]), {}, scope[TOLD])
            return
        self._open += 1
        try:
            with state.metrics.streams.track_inprogress():
                await self._serve(scope, state, receive, send)
        finally:
            self._open -= 1

    def _admit(self, scope: Scope) -> State:
        state = state_of(scope)
        state.access.check(Given(scope).authorization, "classify")
        if self._open >= state.settings.stream_connections:
            raise QueueFull(f"{self._open} streams are open already")
        return state

    async def _serve(self, scope: Scope, state: State, receive: Receive, send: Send) -> None:
        await receive()  # that it connects
        await send({"type": "websocket.accept"})
        begin = partial(Streamed, opened=scope, stream=object(), state=state, requests=self._requests)
        idle_s = state.settings.stream_idle_seconds
        try:
            end = await Connection(partial(_next, receive), partial(_send, send), begin, idle_s).run()
        except asyncio.CancelledError:  # the time to drain is up
            end = End.STOPPING
        if end not in {End.GONE, End.STALLED}:  # these hear nothing any more
            code, reason = end.value
            await send({"type": "websocket.close", "code": code, "reason": reason})


async def _next(receive: Receive) -> bytes | None:
    message: MutableMapping[str, Any] = await receive()
    if message["type"] == STOPS:
        return None
    if message["type"] == "websocket.disconnect":
        raise ClientGone
    text: str = message.get("text") or ""
    return message.get("bytes") or text.encode()


async def _send(send: Send, answer: str) -> None:
    try:
        await send({"type": "websocket.send", "text": answer})
    except (OSError, RuntimeError) as error:  # what uvicorn raises once a client has left, or it has hung up itself
        raise ClientGone from error
