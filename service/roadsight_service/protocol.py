"""uvicorn's HTTP/1.1, and a gap in it that is closed.

bytes of a connection --Protocol--> ASGI
"""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class Protocol(HttpToolsProtocol):
    """Closes an idle connection also where its last request was answered before its body had come.

    uvicorn starts the idle time with the answer, ends it with the next byte, and takes that for a new request's: after
    a refusal it is the rest of the old one's body, and the connection would stay open for ever.
    """

    def data_received(self, data: bytes) -> None:
        """Is called by the event loop."""
        super().data_received(data)
        answered = self.cycle is not None and self.cycle.response_complete
        if answered and self.timeout_keep_alive_task is None and not self.transport.is_closing():
            handler = self.timeout_keep_alive_handler
            self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, handler)
