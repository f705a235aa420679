"""A client that hangs up, told the way servers tell it, where the server cancels the request instead.

request --HangUp--> application
        cancelled, an error of `receive` --> http.disconnect

Ray does either, as chance has it. The application would take the first for a server that stops, the second for a fault
of its own, and count both as errors.
"""

import asyncio
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HangUp:
    """Lets a request that is cancelled run on, until the application has heard that the client is gone."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Is called by the server."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
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
            await running
            raise
