"""uvicorn's WebSocket, with two gaps in it closed.

messages of a connection --StreamProtocol--> ASGI
the server stops --STOPS--> the application, which answers what it has
"""

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from roadsight_service.stream.connection import STOPS

LINGER_S = 10.0  # that a client has for what it was sent last, and for its side of the closing


class StreamProtocol(WebSocketsSansIOProtocol):
    """Lets a stream answer what it has before the server stops, and keeps no connection whose client reads nothing."""

    def shutdown(self) -> None:
        """Is called when the server stops. uvicorn would hang up at once."""
        if self.handshake_complete and not self.close_sent:
            stops: Any = {"type": STOPS}  # uvicorn knows only ASGI's own
            self.queue.put_nowait(stops)
        else:
            super().shutdown()

    async def run_asgi(self) -> None:
        """Runs the application. A transport that was closed waits for ever for who takes nothing of what is left."""
        await super().run_asgi()
        self.loop.call_later(LINGER_S, self.transport.abort)
