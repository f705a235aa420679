"""Servers that misbehave as a service might, on a real socket; they count what they are asked and what they said."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from time import sleep
from typing import BinaryIO


class Impostor:
    """Answers every POST with the next status of its list, over and over."""

    def __init__(self, statuses: tuple[int, ...], delay_s: float, dies_after: int | None) -> None:
        self.said: list[int] = []
        self.heads: list[str] = []
        self._statuses, self._delay_s, self._dies_after = statuses, delay_s, dies_after
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._connections: list[socket.socket] = []
        self._numbers, self._lock = count(), threading.Lock()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1/classify"
        threading.Thread(target=self._accept, daemon=True).start()

    def die(self) -> None:
        """Hangs up on everybody and listens no more."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._connections.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError, ValueError), connection, connection.makefile("rb") as incoming:
            while head := _head(incoming):
                incoming.read(_length(head))
                if not self._answer(connection, head):
                    return

    def _answer(self, connection: socket.socket, head: str) -> bool:
        with self._lock:
            number = next(self._numbers)
            if number == self._dies_after:
                self.die()
                return False
            status = self._statuses[number % len(self._statuses)]
            self.said.append(status)
            self.heads.append(head)
        sleep(self._delay_s)
        connection.sendall(f"HTTP/1.1 {status} So\r\nContent-Length: 2\r\n\r\nok".encode() if status else b"what?\r\n")
        return True


def _head(incoming: BinaryIO) -> str:
    return "\n".join(iter(lambda: incoming.readline().decode().strip(), ""))


def _length(head: str) -> int:
    return next(int(line.split(":")[1]) for line in head.splitlines() if line.lower().startswith("content-length"))


@contextmanager
def impostor(*statuses: int, delay_s: float = 0.0, dies_after: int | None = None) -> Iterator[Impostor]:
    """Runs one until the block ends; status 0 is an answer that is no HTTP."""
    server = Impostor(statuses or (200,), delay_s, dies_after)
    try:
        yield server
    finally:
        server.die()


def nobody() -> str:
    """The URL of a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"http://127.0.0.1:{taken.getsockname()[1]}/v1/classify"
