"""A camera on `WS /v1/stream`, by a client library that is not ours."""

import json
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from websockets.sync.client import ClientConnection, connect

from running import RED_PNG


def message(body: bytes = RED_PNG, **header: Any) -> bytes:
    """A frame as it travels."""
    said = json.dumps(header).encode()
    return struct.pack("<I", len(said)) + said + body


class Camera:
    """A connection to the service, and what its tests say on it."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    def send(self, body: bytes = RED_PNG, **header: Any) -> None:
        """Sends a frame, within 15 s if the header names no other deadline."""
        self.socket.send(message(body, **{"deadline_ms": 15_000} | header))

    def reply(self) -> dict[str, Any]:
        """Reads one answer."""
        return dict(json.loads(self.socket.recv(timeout=20)))


def told(reply: dict[str, Any]) -> str:
    """The first label of an answer; else `superseded`, or the code of the problem."""
    if "regions" in reply:
        return str(reply["regions"][0]["results"][0]["predictions"][0]["label"])
    return str(reply.get("code", reply["status"]))


@contextmanager
def streaming(url: str, query: str = "", **options: Any) -> Iterator[Camera]:
    """Opens a stream until the block ends."""
    address = f"ws{url.removeprefix('http')}/v1/stream{query}"
    with connect(address, compression=None, max_size=None, proxy=None, **options) as socket:
        yield Camera(socket)
