"""A socket of messages on the event loop: what is sent goes out as fast as the other end reads; nothing waits for it.

buffers --send--> socket        socket --messages--> heard
        --it fails: shut down-->       --end of file--> ended
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from socket import SHUT_RDWR, socket

from roadsight_service.processes.wire import HEAD

READ_BYTES = 1 << 18
MOST_BUFFERS = 1024  # that Linux takes at once


class Line:
    """The near end of a socket."""

    def __init__(self, end: socket, heard: Callable[[bytes], None], ended: Callable[[], None]) -> None:
        """Takes over a socket.

        Args:
            end: connected.
            heard: is called with each message that comes.
            ended: is called once the other end is gone.
        """
        self._end, self._heard, self._ended = end, heard, ended
        self._outgoing: deque[memoryview] = deque()
        self._incoming = bytearray()
        self._loop = asyncio.get_running_loop()
        end.setblocking(False)
        self._loop.add_reader(end, self._read)

    def send(self, buffers: Iterable[bytes | memoryview]) -> None:
        """Sends at once what the socket takes, and the rest later."""
        is_quiet = not self._outgoing
        self._outgoing.extend(map(memoryview, buffers))
        if is_quiet:
            self._write()

    def close(self) -> None:
        """Hangs up."""
        self._loop.remove_reader(self._end)
        self._loop.remove_writer(self._end)
        self._end.close()

    def _write(self) -> None:
        try:
            sent = self._end.sendmsg(list(self._outgoing)[:MOST_BUFFERS])
        except BlockingIOError:
            sent = 0
        except OSError:  # the other end is gone, or there is no memory: half a message must not be followed by another
            self._outgoing.clear()
            sent = 0
            with suppress(OSError):
                self._end.shutdown(SHUT_RDWR)  # the reader sees it, here as there
        while self._outgoing and sent >= len(self._outgoing[0]):
            sent -= len(self._outgoing.popleft())
        if self._outgoing:
            self._outgoing[0] = self._outgoing[0][sent:]
            self._loop.add_writer(self._end, self._write)
        else:
            self._loop.remove_writer(self._end)

    def _read(self) -> None:
        try:
            said = self._end.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            said = b""
        if not said:
            self.close()
            self._ended()
            return
        self._incoming += said
        while len(self._incoming) >= HEAD.size:
            end = HEAD.size + HEAD.unpack_from(self._incoming)[0]
            if len(self._incoming) < end:
                return
            message = bytes(self._incoming[HEAD.size : end])
            del self._incoming[:end]
            self._heard(message)
