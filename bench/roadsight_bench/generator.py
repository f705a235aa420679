"""Sends frames when they are due, on as many connections as that takes.

requests, rate --Generator--> Connection(s) --answers--> Frame(s)
"""

import asyncio
import time
from collections.abc import Sequence
from typing import cast

import httptools

from roadsight_bench.tally import Frame

MAX_CONNECTIONS = 900  # a process may have 1024 open files, as a rule; a frame that finds none free has failed


class Connection(asyncio.Protocol):
    """One connection; carries one frame at a time, and is idle in between."""

    def __init__(self, idle: "set[Connection]", open_: "set[Connection]") -> None:
        self._idle, self._open = idle, open_
        self._frame: Frame | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Is called by the event loop."""
        self._transport = cast(asyncio.Transport, transport)
        self._open.add(self)

    def send(self, frame: Frame, request: bytes) -> None:
        """Sends a frame; the answer, if one comes, goes into it."""
        self._frame = frame
        frame.sent_at = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Is called by the event loop."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:  # no HTTP: the frame stays without a status
            self._transport.abort()

    def on_message_complete(self) -> None:
        """Is called by the parser, once an answer is complete."""
        if self._frame is not None:
            self._frame.answered_at, self._frame.status = time.perf_counter(), self._parser.get_status_code()
            self._frame = None
        if self._parser.should_keep_alive():
            self._idle.add(self)
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Is called by the event loop; the frame that was on its way stays without a status."""
        self._idle.discard(self)
        self._open.discard(self)


class Generator:
    """An open loop over one address."""

    def __init__(self, host: str, port: int, requests: Sequence[bytes]) -> None:
        self._host, self._port, self._requests = host, port, requests
        self._idle: set[Connection] = set()
        self._open: set[Connection] = set()
        self._opening: set[asyncio.Task[None]] = set()

    @property
    def waits(self) -> bool:
        """Whether an answer may still come."""
        return len(self._open) > len(self._idle) or bool(self._opening)

    async def send_all(self, rate: float, seconds: float) -> list[Frame]:
        """Sends `rate * seconds` frames, one every `1 / rate` seconds; returns when the last was sent."""
        start, frames = time.perf_counter(), []
        for number in range(round(rate * seconds)):
            due = start + number / rate
            # One that is behind gives way as well, or no answer would ever be read.
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            frames.append(Frame(due))
            self._send(frames[-1], self._requests[number % len(self._requests)])
        return frames

    def _send(self, frame: Frame, request: bytes) -> None:
        if self._idle:
            self._idle.pop().send(frame, request)
        elif len(self._open) + len(self._opening) < MAX_CONNECTIONS:
            task = asyncio.ensure_future(self._send_on_a_new_one(frame, request))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _send_on_a_new_one(self, frame: Frame, request: bytes) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(
                lambda: Connection(self._idle, self._open), self._host, self._port
            )
        except OSError:  # nobody listens: the frame stays without a status
            return
        connection.send(frame, request)
