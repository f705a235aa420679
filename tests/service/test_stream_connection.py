"""The bookkeeping of a connection, without a socket: order, bounds and ends, whatever the frames do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from roadsight_service.room import ClientGone
from roadsight_service.stream import connection
from roadsight_service.stream.connection import Connection, End


class Still:
    """A frame whose work is done when the test says so; its message is camera and number."""

    def __init__(self, data: bytes) -> None:
        self.name, self.camera = data.decode(), data.decode()[0]
        self.go, self.begun, self.ended = asyncio.Event(), False, False

    async def work(self) -> None:
        self.begun = True
        try:
            await self.go.wait()
        finally:
            self.ended = True

    def reply(self) -> str:
        return self.name


class Open:
    """Both ends of a connection."""

    def __init__(self, idle_s: float = 60.0) -> None:
        self.coming: asyncio.Queue[bytes | Exception | None] = asyncio.Queue()
        self.frames: dict[str, Still] = {}
        self.sent: list[str] = []
        self.reads = asyncio.Event()  # the client does
        self.reads.set()
        self.kept = Connection(self._receive, self._send, self._begin, idle_s)
        self.run = asyncio.ensure_future(self.kept.run())

    async def _receive(self) -> bytes | None:
        message = await self.coming.get()
        if isinstance(message, Exception):
            raise message
        return message

    async def _send(self, answer: str) -> None:
        await self.reads.wait()
        self.sent.append(answer)

    def _begin(self, data: bytes) -> Still:
        frame = Still(data)
        self.frames[frame.name] = frame
        return frame

    async def send(self, *names: str) -> None:
        for name in names:
            self.coming.put_nowait(name.encode())
        await settled()

    async def done(self, *names: str) -> None:
        for name in names:
            self.frames[name].go.set()
        await settled()


async def settled() -> None:
    """All that can go on without anything from outside has gone on."""
    for _ in range(50):
        await asyncio.sleep(0)


@asynccontextmanager
async def opened(idle_s: float = 60.0) -> AsyncIterator[Open]:
    made = Open(idle_s)
    await settled()
    try:
        yield made
    finally:
        made.run.cancel()
        await asyncio.wait([made.run])


async def test_answers_of_a_camera_keep_its_order_and_wait_for_no_other_camera() -> None:
    async with opened() as stream:
        await stream.send("a1", "b1", "a2", "a3", "b2")
        await stream.done("a3", "b2", "a2")
        assert stream.sent == []
        await stream.done("b1")
        assert stream.sent == ["b1", "b2"]
        await stream.done("a1")
        assert stream.sent == ["b1", "b2", "a1", "a2", "a3"]
        await stream.send("a4")  # those before it are forgotten
        await stream.done("a4")
        assert stream.sent[-1] == "a4"
        assert not stream.kept._latest


async def test_no_more_is_read_than_may_be_unanswered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MOST_UNANSWERED", 3)
    async with opened() as stream:
        await stream.send(*(f"{camera}1" for camera in "abcde"))
        assert list(stream.frames) == ["a1", "b1", "c1"]
        await stream.done("b1")
        assert list(stream.frames) == ["a1", "b1", "c1", "d1"]


@pytest.mark.parametrize(("last", "end"), [(None, End.STOPPING), ("idle", End.IDLE)])
async def test_what_is_in_flight_is_answered_before_the_end(last: str | None, end: End) -> None:
    async with opened(idle_s=0.02 if last else 60.0) as stream:
        await stream.send("a1", "a2")
        if last is None:
            stream.coming.put_nowait(None)
        else:
            await asyncio.sleep(0.05)  # nothing comes for longer than that
        await stream.send("a3")
        assert not stream.run.done()
        await stream.done("a2", "a1")
        assert await stream.run == end
        assert stream.sent == ["a1", "a2"]
        assert list(stream.frames) == ["a1", "a2"]  # what came later is not begun


async def test_a_client_that_leaves_ends_the_work_on_all_its_frames() -> None:
    async with opened() as stream:
        await stream.send("a1", "a2", "b1")
        assert all(frame.begun for frame in stream.frames.values())
        stream.coming.put_nowait(ClientGone())
        assert await stream.run == End.GONE
        assert all(frame.ended for frame in stream.frames.values())
        assert stream.sent == []


async def test_a_client_that_reads_nothing_is_left_with_all_that_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "SEND_S", 0.02)
    async with opened() as stream:
        stream.reads.clear()
        await stream.send("a1", "b1", "b2")
        await stream.done("a1", "b1")
        assert await stream.run == End.STALLED
        assert stream.frames["b2"].ended and stream.sent == []


async def test_one_that_is_ended_from_outside_ends_its_frames_and_says_so() -> None:
    async with opened() as stream:
        await stream.send("a1")
        stream.run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stream.run
        assert stream.frames["a1"].ended


@pytest.mark.parametrize("end", End)
def test_what_a_client_is_told_is_a_close_frame_that_may_be_sent(end: End) -> None:
    code, reason = end.value
    assert 1000 <= code <= 1015 and len(reason.encode()) <= 123  # RFC 6455, 5.5 and 7.4
    assert (code == 1005) == (end is End.GONE)  # that one is never sent
