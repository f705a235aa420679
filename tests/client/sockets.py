"""Servers that are bare sockets, and behave as a test tells them."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Behaviour = Callable[[socket.socket], None]


@contextmanager
def server(behave: Behaviour) -> Iterator[tuple[str, list[int]]]:
    """A bare socket that accepts connections and behaves; gives its URL, and counts connections."""
    accepted: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def run() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                accepted.append(connection.fileno())
                with connection:
                    behave(connection)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", accepted
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)


def answering(*replies: str) -> Behaviour:
    """Gives one reply a request, over as many connections as there are; the last for ever."""
    left = list(replies)

    def behave(connection: socket.socket) -> None:
        while request := connection.recv(65536):
            if b"\r\n\r\n" in request:
                reply = left.pop(0) if len(left) > 1 else left[0]
                connection.sendall(reply.encode())

    return behave


def reply(status: str, body: str, *headers: str) -> str:
    """An HTTP response, as it is on the wire."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines) + "\r\n\r\n" + body


def drip(connection: socket.socket) -> None:
    """An answer that goes on and on, until the other side hangs up."""
    connection.recv(65536)
    try:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while True:
            connection.sendall(b" ")
            threading.Event().wait(0.01)
    except OSError:
        return
