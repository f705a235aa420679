"""One connection of a stream: frames in, answers out, of each camera in the order in which its frames came.

receive --begin--> Frame --work--> settled --after those before it--> reply --> send
ClientGone                                                            Stalled

Every frame is a task; all end with the connection, so a client that leaves frees what its frames hold at once.
"""

import asyncio
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Protocol

from roadsight_service.room import ClientGone

STOPS = "roadsight.stops"  # type of the ASGI message which says that the server stops once all is answered
MOST_UNANSWERED = 256  # frames of a connection; then no more are read until some are answered
SEND_S = 10.0  # that a client may take to read an answer


class End(Enum):
    """Why a connection ends: what its client is told, as a close code (RFC 6455) and a reason."""

    GONE = 1005, ""  # by the client's own doing
    IDLE = 1000, "no frame came for long"
    STOPPING = 1012, "the service is going down"
    STALLED = 1008, "answers are not read"


class Stalled(Exception):
    """A client does not read its answers."""


class Frame(Protocol):
    """A frame, and what becomes of it."""

    camera: str

    async def work(self) -> None:
        """Finds the answer, or why there is none; raises nothing."""

    def reply(self) -> str:
        """Tells it, at the moment that it is sent."""


class Connection:
    """Reads frames as long as the client sends them."""

    def __init__(
        self,
        receive: Callable[[], Awaitable[bytes | None]],
        send: Callable[[str], Awaitable[None]],
        begin: Callable[[bytes], Frame],
        idle_s: float,
    ) -> None:
        """Takes over a socket that is open.

        Args:
            receive: gives the next message, None once the server stops; raises ClientGone.
            send: sends an answer; raises ClientGone.
            begin: takes a message apart.
            idle_s: how long a client may send no frame.
        """
        self._receive, self._send, self._begin, self._idle_s = receive, send, begin, idle_s
        self._places = asyncio.Semaphore(MOST_UNANSWERED)
        self._sending = asyncio.Lock()
        self._latest: dict[str, asyncio.Task[None]] = {}  # of each camera that has frames unanswered

    async def run(self) -> End:
        """Until the client leaves; or reads, or sends, nothing for long, or the server stops."""
        end = End.GONE
        try:
            async with asyncio.TaskGroup() as frames:  # waits for them; if anything goes wrong, it ends them
                end = await self._read(frames)
        except* ClientGone:
            end = End.GONE
        except* Stalled:
            end = End.STALLED
        return end

    async def _read(self, frames: asyncio.TaskGroup) -> End:
        while True:
            await self._places.acquire()
            try:
                async with asyncio.timeout(self._idle_s):
                    data = await self._receive()
            except TimeoutError:
                return End.IDLE
            if data is None:
                return End.STOPPING
            frame = self._begin(data)
            task = frames.create_task(self._answer(frame, self._latest.get(frame.camera)))
            self._latest[frame.camera] = task

    async def _answer(self, frame: Frame, before: "asyncio.Task[None] | None") -> None:
        await frame.work()
        if before is not None:
            await asyncio.wait((before,))
        async with self._sending:
            try:
                async with asyncio.timeout(SEND_S):
                    await self._send(frame.reply())
            except TimeoutError as error:
                raise Stalled from error
        self._places.release()
        if self._latest[frame.camera] is asyncio.current_task():
            del self._latest[frame.camera]
