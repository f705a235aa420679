"""The application behind a server that only forwards to it, by plain ASGI, and cancels the request of who hangs up.

request --Forwarded--> application --answer--> ASGI messages
        cancelled, an error of `receive` --> the caller is gone, `http.disconnect`

Ray cancels, or lets `receive` fail, as chance has it. The application would take the first for a server that stops, the
second for a fault of its own, and count both as errors.
"""

import asyncio
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from roadsight_service.protocol import CALLER, Answer, Caller


class FarCaller(Caller):
    """Whoever waits behind the other server."""

    def __init__(self, send: Send) -> None:
        super().__init__()
        self._send = send

    async def answer(self, answer: Answer) -> None:
        """See `Caller`."""
        if not self._is_gone:
            head = {"type": "http.response.start", "status": answer.status_code, "headers": answer.raw_headers}
            await self._send(head)
            await self._send({"type": "http.response.body", "body": bytes(answer.body)})


class Forwarded:
    """Lets a request that is cancelled run on, until the application has heard that its caller is gone."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Is called by the server."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope[CALLER] = caller = FarCaller(send)
        gone: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        async def heard() -> Message:
            message: asyncio.Future[Any] = asyncio.ensure_future(receive())
            try:
                await asyncio.wait({message, gone}, return_when=asyncio.FIRST_COMPLETED)
                came = message.done() and not message.cancelled() and message.exception() is None
                return message.result() if came else {"type": "http.disconnect"}
            finally:
                message.cancel()

        running = asyncio.ensure_future(self._app(scope, heard, send))
        try:
            await asyncio.shield(running)
        except asyncio.CancelledError:
            gone.set_result(None)
            caller.lost()
            await running
            raise
