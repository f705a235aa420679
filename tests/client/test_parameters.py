"""Every parameter of the client arrives where the service reads it."""

import json
from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pictures import RED, encoded, striped
from roadsight_client import Client

ANSWER: dict[str, Any] = {
    "frame": {"id": None, "camera": None, "captured_at": None, "width": 40, "height": 40},
    "regions": [],
    "timings_ms": {},
}


def sent(
    frame: bytes = b"\xff\xd8\xff", regions: Sequence[Sequence[float]] | None = None, **said: Any
) -> httpx.Request:
    """The request that a call makes."""
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, json=ANSWER)

    with Client("http://service", transport=httpx.MockTransport(answer)) as client:
        client.classify(frame, regions, **said)
    (request,) = requests
    return request


def test_a_call_that_says_nothing_sends_the_frame_alone() -> None:
    request = sent(b"\xff\xd8\xff and so on")
    assert (request.method, str(request.url)) == ("POST", "http://service/v1/classify")
    assert request.content == b"\xff\xd8\xff and so on"
    assert request.headers["content-type"] == "image/jpeg"
    assert not [name for name in request.headers if name.startswith("x-")]


def test_what_is_asked_is_in_the_query() -> None:
    request = sent(regions=[(0, 0.5, 9, 9)], tasks=["a", "b"], top=0, suspicion=True)
    assert request.url.params.get_list("task") == ["a", "b"]
    assert json.loads(request.url.params["regions"]) == [[0, 0.5, 9, 9]]
    assert (request.url.params["top"], request.url.params["suspicion"]) == ("0", "true")


def test_what_is_said_of_the_frame_is_in_the_headers() -> None:
    request = sent(frame_id="17", camera_id="front", captured_at="12", deadline_ms=50.5)
    names = ("x-frame-id", "x-camera-id", "x-captured-at", "x-deadline-ms")
    assert [request.headers[name] for name in names] == ["17", "front", "12", "50.5"]


def test_no_regions_and_an_empty_list_of_them_are_two_things() -> None:
    assert "regions" not in sent(regions=None).url.params
    assert sent(regions=[]).url.params["regions"] == "[]"  # the service refuses it: who cuts nothing out asks nothing


@given(st.lists(st.tuples(*[st.integers(-(10**6), 10**6) | st.floats(-1e6, 1e6)] * 4), min_size=1, max_size=5))
def test_boxes_arrive_exactly(boxes: list[tuple[float, float, float, float]]) -> None:
    assert json.loads(sent(regions=boxes).url.params["regions"]) == [list(box) for box in boxes]


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
def test_a_frame_is_named_for_what_it_is(kind: str) -> None:
    frame = encoded(striped(RED), f".{kind}".replace("jpeg", "jpg"))
    assert sent(frame).headers["content-type"] == f"image/{kind}"


@pytest.mark.parametrize("frame", [b"", b"no picture"])
def test_what_is_no_picture_is_left_to_the_service_to_refuse(frame: bytes) -> None:
    assert sent(frame).headers["content-type"] == "image/jpeg"


@pytest.mark.parametrize("url", ["http://service/roads", "http://service/roads/"])
def test_the_service_may_live_under_a_path(url: str) -> None:
    paths: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        paths.append(request.url.path)
        return httpx.Response(200, json=ANSWER)

    with Client(url, transport=httpx.MockTransport(answer)) as client:
        client.classify(b"")
        client.ready()
    assert paths == ["/roads/v1/classify", "/roads/readyz"]
