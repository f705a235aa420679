"""The client against the real service, and against answers that no good service gives."""

import inspect
import socket
import time
from collections.abc import Iterator

import httpx
import numpy as np
import pytest

from pictures import BLUE, RED, encoded, striped
from roadsight_client import AsyncClient, BadRegion, Client, Problem, Unreachable, tries
from roadsight_client.errors import KINDS
from running import serve_watched

FRAME = encoded(striped(RED, BLUE), ".jpg")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with serve_watched(tmp_path_factory.mktemp("bundles")) as (url, _), Client(url) as client:
        yield client


def test_an_answer_is_typed(client: Client) -> None:
    answer = client.classify(
        FRAME, [(0, 0, 40, 40), (40, 0, 80, 40)], frame_id="17", camera_id="front", captured_at="12", top=1
    )
    assert (answer.frame.id, answer.frame.camera, answer.frame.captured_at) == ("17", "front", "12")
    assert (answer.frame.width, answer.frame.height) == (80, 40)
    assert [region.results[0].predictions[0].label for region in answer.regions] == ["red", "blue"]
    assert answer.regions[1].box == (40, 0, 80, 40)
    assert answer.timings_ms["total"] > 0


def test_suspicion_is_told_to_who_asks(client: Client) -> None:
    for wanted in (True, False):
        (result,) = client.classify(FRAME, [(0, 0, 40, 40)], suspicion=wanted).regions[0].results
        assert (result.suspicion is not None) is wanted
        assert (result.suspicion or 0) < 0.1  # one colour has no detail


def test_png_and_webp_are_named_for_what_they_are(client: Client) -> None:
    for kind in (".png", ".webp"):
        assert client.classify(encoded(striped(RED), kind)).regions[0].results[0].predictions[0].label == "red"


def test_tasks_and_deadline_are_passed_on(client: Client) -> None:
    with pytest.raises(Problem, match="unknown_task"):
        client.classify(FRAME, tasks=["smell"])
    with pytest.raises(Problem) as caught:
        client.classify(FRAME, deadline_ms=0)
    assert (caught.value.status, caught.value.code) == (504, "deadline_missed")


def test_a_refusal_carries_the_stable_code_and_the_words(client: Client) -> None:
    with pytest.raises(BadRegion, match="wholly outside") as caught:
        client.classify(FRAME, [(500, 500, 510, 510)])
    assert (caught.value.status, caught.value.code) == (422, "bad_region")


def test_ready_tells_whether_the_service_is(client: Client) -> None:
    assert client.ready()
    not_yet = httpx.MockTransport(lambda _: httpx.Response(503))
    with Client("http://service", transport=not_yet) as waiting:
        assert not waiting.ready()


def test_nobody_there_is_unreachable() -> None:
    with Client("http://127.0.0.1:9", timeout_s=1) as client, pytest.raises(Unreachable, match=r"127\.0\.0\.1:9"):
        client.classify(FRAME)


@pytest.mark.parametrize("body", ["<html>bad gateway</html>", "[]", '{"detail": "no code"}'])
def test_a_proxy_that_answers_for_the_service_is_named_as_such(body: str) -> None:
    proxy = httpx.MockTransport(lambda _: httpx.Response(502, text=body))
    with Client("http://service", transport=proxy) as client, pytest.raises(Problem, match="502 not_roadsight"):
        client.classify(FRAME)


def test_boxes_may_be_of_numpy_and_a_version_can_be_asked_for(client: Client) -> None:
    boxes = np.array([[0, 0, 40, 40], [40, 0, 80, 40]])
    answer = client.classify(FRAME, list(boxes), version="1.0.0")
    assert [region.results[0].version for region in answer.regions] == ["1.0.0", "1.0.0"]
    with pytest.raises(Problem, match="unknown_version"):
        client.classify(FRAME, version="9.9.9")


def test_a_deadline_ends_the_wait_on_a_link_that_is_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tries, "GRACE_S", 0.05)
    with socket.socket() as mute:
        mute.bind(("127.0.0.1", 0))
        mute.listen()
        start = time.monotonic()
        with Client(f"http://127.0.0.1:{mute.getsockname()[1]}", timeout_s=60) as client, pytest.raises(Unreachable):
            client.classify(FRAME, deadline_ms=50)
    assert time.monotonic() - start < 30


def test_where_and_as_whom_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    monkeypatch.setenv("ROADSIGHT_URL", client.url)
    monkeypatch.setenv("ROADSIGHT_KEY", "lab")
    with Client.from_env(timeout_s=5) as other:
        assert other.classify(FRAME).frame.width == 80
    door = httpx.MockTransport(lambda asked: httpx.Response(200 if "Bearer lab" in asked.headers.values() else 401))
    with Client.from_env(transport=door) as other:
        assert other.ready()
    monkeypatch.delenv("ROADSIGHT_URL")
    with Client.from_env() as other:
        assert other.url == "http://127.0.0.1:8080"


def test_each_code_of_the_service_is_a_class_of_the_client(client: Client) -> None:
    document = httpx.get(f"{client.url}/openapi.json").json()
    responses = document["paths"]["/v1/classify"]["post"]["responses"]
    told = {code for status in responses if status != "200" for code in responses[status]["description"].split(", ")}
    assert told == set(KINDS) - {"not_roadsight"}


def test_help_shows_what_a_method_takes(client: Client) -> None:
    assert list(inspect.signature(client.classify).parameters)[:2] == ["frame", "regions"]
    assert "deadline_ms: milliseconds" in str(AsyncClient.classify.__doc__)
