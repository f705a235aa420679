"""uvicorn's HTTP/1.1 and WebSocket, with the gaps in them closed.

bytes of a connection --Protocol--> ASGI
                      --upgrade--> StreamProtocol --> ASGI
"""

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from roadsight_service.settings import Settings
from roadsight_service.stream.connection import STOPS
from roadsight_service.stream.message import MOST_HEAD_BYTES

LINGER_S = 10.0  # that a client has for what it was sent last, and for its side of the closing


class Protocol(HttpToolsProtocol):
    """Closes an idle connection also where its last request was answered before its body had come.

    uvicorn starts the idle time with the answer, ends it with the next byte, and takes that for a new request's: after
    a refusal it is the rest of the old one's body, and the connection would stay open for ever.
    """

    def data_received(self, data: bytes) -> None:
        """Is called by the event loop."""
        super().data_received(data)
        if self.transport.get_protocol() is not self:  # it was upgraded to a stream, which has its own idle time
            return
        answered = self.cycle is not None and self.cycle.response_complete
        if answered and self.timeout_keep_alive_task is None and not self.transport.is_closing():
            handler = self.timeout_keep_alive_handler
            self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, handler)


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


def options(settings: Settings) -> dict[str, Any]:
    """What uvicorn is told, wherever it serves the application."""
    return {
        "http": Protocol,
        "ws": StreamProtocol,
        "ws_max_size": settings.max_body_bytes + MOST_HEAD_BYTES,
        "ws_per_message_deflate": False,  # pictures are compressed already
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "timeout_graceful_shutdown": settings.drain_seconds,
    }
