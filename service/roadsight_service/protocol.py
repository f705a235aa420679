"""uvicorn's HTTP/1.1, and what frames need of it beyond ASGI.

head of a request --refuse--> an answer at once; its body is thrown away as it comes
                  --ASGI, with a Caller--> work --answer--> head and body in one write
end of a connection --> whoever works for it
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, MutableMapping
from time import perf_counter
from typing import Any, Protocol, cast

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

CALLER = "roadsight.caller"  # where a request's scope keeps it
Scope = MutableMapping[str, Any]  # of ASGI


class Answer(Protocol):
    """What is sent of a response."""

    status_code: int
    raw_headers: list[tuple[bytes, bytes]]
    body: bytes | memoryview


class Refuses(Protocol):
    """An application that can say of a request, before it is let in, that it will not be."""

    def refuse(self, scope: Scope) -> Answer | None:
        """The answer to a request that its head rules out; None to one that is let in."""


class Caller(ABC):
    """Who waits for the answer to a request."""

    def __init__(self) -> None:
        self.since = perf_counter()
        self._is_gone = False
        self._leave: Callable[[], None] | None = None

    def when_gone(self, leave: Callable[[], None] | None) -> None:
        """Has `leave` called if the connection ends, at once if it has ended; None takes it back."""
        self._leave = leave
        if self._is_gone and leave is not None:
            leave()

    def lost(self) -> None:
        """Is called when the connection ends."""
        self._is_gone = True
        if self._leave is not None:
            self._leave()

    def take_body(self) -> bytes | None:
        """The whole body, if it is there already: then nobody need wait for it. Else it comes by `receive`, as ever."""
        return None

    @abstractmethod
    async def answer(self, answer: Answer) -> None:
        """Sends an answer once what was sent before it is taken; to nobody if the caller is gone."""


class Connected(Caller):
    """Who waits at the other end of a connection of ours."""

    def __init__(self, cycle: RequestResponseCycle, flow: FlowControl) -> None:
        super().__init__()
        self._cycle, self._flow = cycle, flow

    def lost(self) -> None:
        """Is called when the connection ends."""
        self._cycle.disconnected = True  # uvicorn tells only the last of several requests in flight
        super().lost()

    def take_body(self) -> bytes | None:
        """See `Caller`."""
        if self._cycle.more_body:
            return None
        self._flow.resume_reading()  # what comes next is the end of the connection, which is to be noticed
        body, self._cycle.body = bytes(self._cycle.body), bytearray()
        return body

    async def answer(self, answer: Answer) -> None:
        """See `Caller`."""
        await self._flow.drain()
        if not self._is_gone:
            self.write(answer)

    def write(self, answer: Answer) -> None:
        """Sends an answer now, in one piece: uvicorn's own way is two writes, each a call of the system."""
        cycle = self._cycle
        lines = [b"%b: %b\r\n" % header for header in (*cycle.default_headers, *answer.raw_headers)]
        end = b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n"
        cycle.transport.write(b"".join((STATUS_LINE[answer.status_code], *lines, end, answer.body)))
        cycle.response_started = cycle.response_complete = True
        cycle.message_event.set()
        if not cycle.keep_alive:
            cycle.transport.close()
        cycle.on_response()


def caller_of(scope: Scope) -> Caller:
    """Who waits for the answer.

    Raises:
        RuntimeError: the application is served neither as `server.config` says, nor through `Forwarded`.
    """
    caller = scope.get(CALLER)
    if caller is None:
        raise RuntimeError("no caller in the scope: serve the application as roadsight_service.server does")
    return cast(Caller, caller)


class HttpProtocol(HttpToolsProtocol):
    """A connection."""

    _caller: Connected | None = None  # of the request that is worked on

    def data_received(self, data: bytes) -> None:
        """Is called by the event loop.

        An idle connection is closed also where its last request was answered before its body had come. uvicorn starts
        the idle time with the answer, ends it with the next byte, and takes that for a new request's: after a refusal
        it is the rest of the old one's body, and the connection would stay open for ever.
        """
        super().data_received(data)
        if self.transport.get_protocol() is not self:  # it was upgraded to a stream, which has its own idle time
            return
        answered = self.cycle is not None and self.cycle.response_complete
        if answered and self.timeout_keep_alive_task is None and not self.transport.is_closing():
            handler = self.timeout_keep_alive_handler
            self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, handler)

    def connection_lost(self, exc: Exception | None) -> None:
        """Is called by the event loop."""
        super().connection_lost(exc)
        if self._caller is not None:
            self._caller.lost()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Is called by uvicorn when it is a request's turn, and no more than its head need be there."""
        self._caller = caller = Connected(cycle, self.flow)
        scope = cast(Scope, cycle.scope)
        scope[CALLER] = caller
        # Of requests sent without waiting each would be refused from within the one before: those wait for the loop.
        is_next = not self.pipeline and not self.flow.write_paused
        refusal = cast(Refuses, self.config.app).refuse(scope) if is_next else None
        if refusal is None:
            super()._start_asgi_task(cycle, app)
        else:
            caller.write(refusal)
