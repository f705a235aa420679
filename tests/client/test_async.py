"""The client of who awaits: the same questions, the same answers."""

import asyncio
import socket
import time
from collections.abc import Iterator

import httpx
import pytest

from client.sockets import answering, drip, reply, server
from pictures import BLUE, RED, encoded, striped
from roadsight_client import AsyncClient, BadImage, Client, UnknownTask, Unreachable, tries
from running import metric, serve_watched

FRAME = encoded(striped(RED, BLUE), ".jpg")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve_watched(tmp_path_factory.mktemp("bundles")) as (url, _):
        yield url


async def test_both_clients_get_the_same_answers(url: str) -> None:
    async with AsyncClient(url) as client:
        awaited = await client.classify(FRAME, [(0, 0, 40, 40)], frame_id="17", tasks=["colour"], top=1)
        with Client(url) as waiting:
            waited = waiting.classify(FRAME, [(0, 0, 40, 40)], frame_id="17", tasks=["colour"], top=1)
            assert (awaited.frame, awaited.regions) == (waited.frame, waited.regions)
            assert await client.models() == waiting.models()
        assert await client.ready()


async def test_refusals_are_the_same(url: str) -> None:
    async with AsyncClient(url) as client:
        with pytest.raises(UnknownTask):
            await client.classify(FRAME, tasks=["smell"])
        with pytest.raises(BadImage):
            await client.classify(b"no picture")


async def test_many_ask_at_once(url: str) -> None:
    async with AsyncClient(url) as client:
        before = metric(url, 'roadsight_requests_total{code="200",route="/v1/classify"}')
        answers = await asyncio.gather(*[client.classify(FRAME, frame_id=str(number)) for number in range(40)])
    assert [answer.frame.id for answer in answers] == list(map(str, range(40)))
    assert metric(url, 'roadsight_requests_total{code="200",route="/v1/classify"}') == before + 40


async def test_a_service_that_was_full_for_a_moment_is_asked_again() -> None:
    full = reply("429 Too Many Requests", '{"code": "queue_full", "detail": "full"}', "Retry-After: 0")
    with server(answering(full, reply("200 OK", '{"models": []}'))) as (url, accepted):
        async with AsyncClient(url) as client:
            assert await client.models() == ()
    assert len(accepted) == 1


async def test_nobody_there_is_unreachable() -> None:
    async with AsyncClient("http://127.0.0.1:9", timeout_s=1) as client:
        with pytest.raises(Unreachable, match=r"127\.0\.0\.1:9"):
            await client.classify(FRAME)


async def test_a_deadline_ends_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tries, "GRACE_S", 0.05)
    start = time.monotonic()
    with server(drip) as (url, _), socket.create_server(("127.0.0.1", 0)) as mute:
        for behind in (url, f"http://127.0.0.1:{mute.getsockname()[1]}"):
            async with AsyncClient(behind, timeout_s=60) as client:
                with pytest.raises(Unreachable):
                    await client.classify(FRAME, deadline_ms=50)
    assert time.monotonic() - start < 30


async def test_who_is_cancelled_leaves_the_others_alone(url: str) -> None:
    async with AsyncClient(url) as client:
        asked = [asyncio.create_task(client.classify(FRAME)) for _ in range(8)]
        await asyncio.sleep(0)
        asked[0].cancel()
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert isinstance(answers[0], asyncio.CancelledError)
        assert not [answer for answer in answers[1:] if isinstance(answer, BaseException)]


async def test_a_transport_is_a_seam_here_too() -> None:
    async with AsyncClient("http://service", transport=httpx.MockTransport(lambda _: httpx.Response(503))) as client:
        assert not await client.ready()
