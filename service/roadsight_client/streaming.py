"""A camera's stream: frames go out as they come, answers come in as they are ready; a broken connection is made anew.

frames --_send--> WS /v1/stream --_receive--> Seen, of each camera in order
                  Problem, Unreachable

Frames that were on their way when a connection broke are `Unreachable` and not sent again: by then they are old.
"""

import asyncio
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from roadsight_client.answers import Answer
from roadsight_client.errors import Unreachable
from roadsight_client.frames import CameraFrame
from roadsight_client.messages import Seen, Unanswered, pack
from roadsight_client.questions import Question
from roadsight_client.reaching import Reaching

MOST_UNANSWERED = 64  # then no frame is taken until one is answered
SILENCE_S = 70.0  # without an answer, and the connection is given up: no deadline is longer than 60 s


class Streaming:
    """What becomes of frames, one after the other: `async for` in an `async with` block.

    Args:
        service: how it is reached.
        frames: taken one at a time, on a thread; while there is no connection one waits, and the others are not taken.
        ask: makes a question of a frame.
    """

    def __init__(
        self, service: Reaching, frames: Iterable[CameraFrame], ask: Callable[[CameraFrame], Question[Answer]]
    ) -> None:
        self._service, self._frames, self._ask = service, iter(frames), ask
        self._coming: asyncio.Future[CameraFrame | None] | None = None
        self._told: asyncio.Queue[Seen | Exception] = asyncio.Queue()
        self._taken = asyncio.Event()  # something of it was

    async def __aenter__(self) -> Self:
        self._running = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        tasks: list[asyncio.Future[Any]] = [self._running, *([] if self._coming is None else [self._coming])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Seen:
        if self._running.done() and self._told.empty():
            raise StopAsyncIteration
        told = await self._told.get()
        if isinstance(told, Exception):
            raise told
        self._taken.set()
        return told

    async def _run(self) -> None:
        try:
            while await self._frame() is not None:
                async with await self._service.connect() as connection:
                    await self._converse(connection)
            self._told.put_nowait(StopAsyncIteration())
        except Exception as error:  # of whoever makes the frames, too: who reads is told
            self._told.put_nowait(error)

    async def _frame(self) -> CameraFrame | None:
        """The next frame, and the same again until it is sent; None if there is none any more."""
        if self._coming is None:
            self._coming = asyncio.ensure_future(asyncio.to_thread(next, self._frames, None))
        return await asyncio.shield(self._coming)

    async def _converse(self, connection: ClientConnection) -> None:
        """Sends and receives, until every frame is answered or the connection is lost."""
        unanswered, room = Unanswered(), asyncio.Semaphore(MOST_UNANSWERED)
        sender = asyncio.create_task(self._send(connection, unanswered, room))
        receiver = asyncio.create_task(self._receive(connection, unanswered, room))
        try:
            await asyncio.wait((sender, receiver), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sender.cancel()
            receiver.cancel()
            ended = await asyncio.gather(sender, receiver, return_exceptions=True)
        errors = [error for error in ended if isinstance(error, Exception)]
        for error in errors:
            if not isinstance(error, ConnectionClosed | TimeoutError):
                raise error
        if errors:  # else every frame is answered, and there is no other
            why = Unreachable(f"the stream broke: {errors[0] or 'no answer came'}")
            for seen in unanswered.lost(why):
                self._told.put_nowait(seen)
            await self._service.failed(errors[0])

    async def _send(self, connection: ClientConnection, unanswered: Unanswered, room: asyncio.Semaphore) -> None:
        while True:
            await _acquire(room)
            frame = await self._frame()
            if frame is None:
                break
            message = pack(self._ask(frame))
            self._coming = None
            unanswered.sent(frame)
            await connection.send(message)
        for _ in range(MOST_UNANSWERED - 1):  # all are back once every frame is answered
            await _acquire(room)

    async def _receive(self, connection: ClientConnection, unanswered: Unanswered, room: asyncio.Semaphore) -> None:
        while True:
            while self._told.qsize() >= MOST_UNANSWERED:  # before an answer is taken, so that none is lost on its way
                self._taken.clear()
                await self._taken.wait()
            seen = unanswered.answered(await connection.recv())
            self._told.put_nowait(seen)
            self._service.answered()
            room.release()


async def _acquire(room: asyncio.Semaphore) -> None:
    async with asyncio.timeout(SILENCE_S):
        await room.acquire()
