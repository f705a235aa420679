"""The bytes that running requests hold: counted while they are held, and never a moment longer."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from time import monotonic

import pytest
from fastapi import FastAPI, Request
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect
from starlette.types import Message

from roadsight_models.errors import DeadlineMissed, QueueFull, RoadsightError, TooLarge, UnsupportedMediaType
from roadsight_service.metrics import Clock
from roadsight_service.protocol import CALLER, Answer, Caller
from roadsight_service.routes.intake import Intake

LIMIT = 1000
FORM = 'multipart/form-data; boundary="x"'
FORM_HEAD = b'--x\r\nContent-Disposition: form-data; name="frame"; filename="f"\r\n\r\n'
FORM_TAIL = b"\r\n--x--\r\n"


def coming(*messages: Message, kind: str = "image/png", length: int | None = None) -> Request:
    """A request whose body comes in these messages, and after them nothing for ever."""
    left = list(messages)

    async def receive() -> Message:
        if not left:
            await asyncio.Event().wait()
        return left.pop(0)

    headers = [(b"content-type", kind.encode())]
    headers += [] if length is None else [(b"content-length", str(length).encode())]
    return Request({"type": "http", "method": "POST", "headers": headers, "app": FastAPI()}, receive)


class Sent(Caller):
    """Who has sent the whole body already."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self._body = body

    def take_body(self) -> bytes | None:
        """See `Caller`."""
        return self._body

    async def answer(self, answer: Answer) -> None:
        """Nothing is said to it."""


def there(size: int) -> Request:
    """A request whose body is there, so that nobody may wait for it."""
    request = coming()
    request.scope[CALLER] = Sent(bytes(size))
    return request


def chunk(size: int, last: bool = False, head: bytes = b"") -> Message:
    return {"type": "http.request", "body": head + bytes(size), "more_body": not last}


GONE: Message = {"type": "http.disconnect"}


async def read(intake: Intake, request: Request, within_s: float = 5, then: Callable[[], None] = lambda: None) -> int:
    async with intake.body(request, monotonic() + within_s, Clock()) as (body, _):
        then()
        return len(body)


async def has_room_for_all(intake: Intake) -> bool:
    return await read(intake, coming(chunk(LIMIT, last=True))) == LIMIT


def fail() -> None:
    raise RuntimeError("the block failed")


@given(
    chunks=st.lists(st.integers(0, LIMIT // 2), max_size=6),
    end=st.sampled_from(["whole", "gone", "silence", "cancelled", "failed", "huge"]),
    kind=st.sampled_from(["image/png", FORM, "text/plain"]),
)
def test_however_an_upload_goes_nothing_stays_counted(chunks: list[int], end: str, kind: str) -> None:
    messages = [chunk(size, head=FORM_HEAD if i == 0 and kind == FORM else b"") for i, size in enumerate(chunks)]
    rest = chunk(0, last=True, head=FORM_TAIL if kind == FORM else b"")
    messages += {"whole": [rest], "failed": [rest], "gone": [GONE]}.get(end, [])
    length = 10 * LIMIT if end == "huge" else None

    async def upload() -> None:
        intake = Intake(LIMIT, LIMIT)
        request = coming(*messages, kind=kind, length=length)
        patience = 0.0 if end == "silence" else 5.0
        running = asyncio.create_task(read(intake, request, patience, fail if end == "failed" else lambda: None))
        if end in {"cancelled", "huge"}:
            for _ in range(3):
                await asyncio.sleep(0)
            running.cancel()
        with suppress(RoadsightError, ClientDisconnect, RuntimeError, asyncio.CancelledError):
            await running
        assert await has_room_for_all(intake)

    asyncio.run(upload())


async def test_what_is_held_counts_until_the_block_ends() -> None:
    intake = Intake(LIMIT, LIMIT)
    async with intake.body(coming(chunk(600, last=True)), monotonic() + 5, Clock()):
        with pytest.raises(QueueFull):
            await read(intake, coming(chunk(401, last=True)))
        assert await read(intake, coming(chunk(400, last=True))) == 400
    assert await has_room_for_all(intake)


async def test_a_body_that_is_there_is_not_waited_for_and_counts_as_any_other() -> None:
    intake = Intake(LIMIT, LIMIT)
    async with intake.body(there(600), monotonic() + 5, Clock()) as (body, _):
        assert len(body) == 600
        with pytest.raises(QueueFull):
            await read(intake, there(401))
        with pytest.raises(TooLarge):
            await read(intake, there(LIMIT + 1))
    assert await has_room_for_all(intake)


async def test_many_uploads_share_one_limit() -> None:
    intake, read_bytes = Intake(LIMIT, LIMIT), 0
    async with AsyncExitStack() as held:
        for _ in range(10):
            block = intake.body(coming(chunk(100, last=True)), monotonic() + 5, Clock())
            read_bytes += len((await held.enter_async_context(block))[0])
        with pytest.raises(QueueFull):
            await read(intake, coming(chunk(1, last=True)))
    assert read_bytes == LIMIT
    assert await has_room_for_all(intake)


@pytest.mark.parametrize("sizes", [(LIMIT + 1,), (LIMIT, 1), (400, 400, 400)])
async def test_a_body_over_its_own_limit_is_too_large_though_there_were_room(sizes: tuple[int, ...]) -> None:
    intake = Intake(LIMIT, 10 * LIMIT)
    with pytest.raises(TooLarge):
        await read(intake, coming(*map(chunk, sizes)))


@pytest.mark.parametrize("length", [LIMIT + 1, 10**30])
async def test_a_length_over_the_limit_is_believed_before_a_byte_comes(length: int) -> None:
    with pytest.raises(TooLarge):
        await read(Intake(LIMIT, LIMIT), coming(length=length))


async def test_a_length_that_was_too_modest_does_not_help() -> None:
    with pytest.raises(TooLarge):
        await read(Intake(LIMIT, 10 * LIMIT), coming(chunk(LIMIT), chunk(1), length=5))


async def test_a_body_exactly_at_the_limit_is_let_in() -> None:
    assert await read(Intake(LIMIT, LIMIT), coming(chunk(LIMIT, last=True), length=LIMIT)) == LIMIT


@pytest.mark.parametrize("kind", ["", "image", "image/jpg", "image/png2", "application/json", "text/html; image/png"])
async def test_another_kind_is_refused_before_a_byte_is_read(kind: str) -> None:
    with pytest.raises(UnsupportedMediaType, match="image/jpeg"):
        await read(Intake(LIMIT, LIMIT), coming(kind=kind))


async def test_a_body_that_stops_coming_is_given_up_at_its_deadline_and_timed() -> None:
    clock = Clock()
    with pytest.raises(DeadlineMissed, match="the body had arrived"):
        async with Intake(LIMIT, LIMIT).body(coming(chunk(5)), monotonic() + 0.05, clock):
            raise AssertionError("there is nothing to work on")
    assert clock.spent["receive"] >= 0.04
