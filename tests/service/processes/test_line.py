"""A line carries whole messages, however the socket cuts them, and tells once that the other end is gone."""

import asyncio
import os
from collections.abc import Iterator
from socket import SO_SNDBUF, SOL_SOCKET, socket, socketpair

import pytest

from roadsight_service.processes import wire
from roadsight_service.processes.line import MOST_BUFFERS, Line

MESSAGES = [b"", b"x", bytes(range(256)) * 40, b"last"]


class Near:
    """The near end of a line, and what was told of it."""

    def __init__(self, end: socket) -> None:
        self.heard: list[bytes] = []
        self.ends = 0
        self.line = Line(end, self.heard.append, self._ended)

    def _ended(self) -> None:
        self.ends += 1


@pytest.fixture
def ends() -> Iterator[tuple[socket, socket]]:
    near, far = socketpair()
    far.settimeout(10)
    with near, far:
        yield near, far


async def until(what: list[bytes] | Near, count: int) -> None:
    async with asyncio.timeout(10):
        while (len(what) if isinstance(what, list) else what.ends) < count:
            await asyncio.sleep(0)


def framed(data: bytes) -> bytes:
    return wire.HEAD.pack(len(data)) + data


@pytest.mark.parametrize("step", [1, 3, 4, 5, 4096, 1 << 20])
async def test_messages_come_whole_however_they_are_cut(ends: tuple[socket, socket], step: int) -> None:
    near, data = Near(ends[0]), b"".join(map(framed, MESSAGES if step > 1 else MESSAGES[:2]))
    for start in range(0, len(data), step):
        await asyncio.to_thread(ends[1].sendall, data[start : start + step])
    expected = MESSAGES if step > 1 else MESSAGES[:2]
    await until(near.heard, len(expected))
    assert near.heard == expected
    near.line.close()


@pytest.mark.parametrize("half", [b"", b"\x05", framed(b"whole")[:-1]])
async def test_the_end_is_told_once_and_half_a_message_never(ends: tuple[socket, socket], half: bytes) -> None:
    near = Near(ends[0])
    ends[1].sendall(framed(b"first") + half)
    ends[1].close()
    await until(near, 1)
    await asyncio.sleep(0)
    assert (near.heard, near.ends, ends[0].fileno()) == ([b"first"], 1, -1)


async def test_what_the_socket_does_not_take_at_once_follows_in_order(ends: tuple[socket, socket]) -> None:
    ends[0].setsockopt(SOL_SOCKET, SO_SNDBUF, 4096)
    near, numbers = Near(ends[0]), [number.to_bytes(2, "big") for number in range(2 * MOST_BUFFERS)]
    large = os.urandom(300_000)
    near.line.send([large, b"", *numbers])
    near.line.send([memoryview(large)[1:9], b"end"])  # while the first still waits
    expected, found = b"".join([large, *numbers, large[1:9], b"end"]), b""
    while len(found) < len(expected):
        found += await asyncio.to_thread(ends[1].recv, 1 << 16)
    assert found == expected
    near.line.send([b"again"])
    assert await asyncio.to_thread(ends[1].recv, 10) == b"again"
    near.line.close()


async def test_sending_to_an_end_that_is_gone_raises_nothing_and_the_end_is_told(ends: tuple[socket, socket]) -> None:
    near = Near(ends[0])
    ends[1].close()
    near.line.send([bytes(100_000)])
    near.line.send([b"more"])
    await until(near, 1)
    assert near.heard == []
