"""What the client makes of answers, the service's and those that no good service gives."""

import copy
from collections.abc import Callable
from dataclasses import FrozenInstanceError, asdict
from typing import Any

import httpx
import pytest

from roadsight_client import Answer, Client, ClientError, Problem, Unreachable
from roadsight_client.answers import parse

ANSWER: dict[str, Any] = {
    "frame": {"id": "17", "camera": None, "captured_at": None, "width": 40, "height": 30},
    "regions": [
        {
            "box": [0, 0, 40, 30],
            "track": "7",
            "results": [
                {
                    "task": "colour",
                    "version": "1.0.0",
                    "status": "ok",
                    "reason": None,
                    "predictions": [{"label": "red", "index": 0, "probability": 0.9}],
                },
                {"task": "shade", "version": "2.0.0", "status": "unknown", "reason": "small", "predictions": []},
            ],
        }
    ],
    "timings_ms": {"total": 1.5},
}


def asked(respond: Callable[[httpx.Request], httpx.Response]) -> Answer:
    with Client("http://service", transport=httpx.MockTransport(respond)) as client:
        return client.classify(b"")


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every key of every object."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    own = [(*at, name) for name in value] if isinstance(value, dict) else []
    return own + [way for name, child in children for way in paths(child, (*at, name))]


def parent(answer: Any, way: tuple[Any, ...]) -> Any:
    for step in way[:-1]:
        answer = answer[step]
    return answer


# `track` came later and `timings_ms` is a mapping of whatever stages there are.
NEEDED = [way for way in paths(ANSWER) if way[-1] not in {"track", "total"}]


def test_an_answer_is_read_whole() -> None:
    answer = parse(ANSWER)
    assert answer.regions[0].box == (0, 0, 40, 30)
    assert [result.status for result in answer.regions[0].results] == ["ok", "unknown"]
    as_json = asdict(answer)
    assert as_json["frame"] == ANSWER["frame"] | {"age_ms": None}  # which an older service does not tell
    assert as_json["regions"][0]["results"][0]["predictions"] == tuple(
        ANSWER["regions"][0]["results"][0]["predictions"]
    )


def test_suspicion_is_read_where_a_service_tells_it() -> None:
    assert parse(ANSWER).regions[0].results[0].suspicion is None  # an older one does not
    told = copy.deepcopy(ANSWER)
    told["regions"][0]["results"][0]["suspicion"] = 1.5
    assert parse(told).regions[0].results[0].suspicion == 1.5


def test_an_answer_can_not_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        parse(ANSWER).frame.width = 1  # type: ignore[misc]  # mypy knows it too


def test_fields_of_a_newer_service_are_ignored_wherever_they_are() -> None:
    newer = copy.deepcopy(ANSWER)
    for way in paths(ANSWER):
        parent(newer, way)["newer"] = {"any": "thing"}
    newer["timings_ms"] = {"total": 1.5}
    assert parse(newer) == parse(ANSWER)


@pytest.mark.parametrize("way", NEEDED, ids=lambda way: ".".join(map(str, way)))
def test_an_answer_that_lacks_a_field_is_no_answer_of_roadsight(way: tuple[Any, ...]) -> None:
    damaged = copy.deepcopy(ANSWER)
    del parent(damaged, way)[way[-1]]
    with pytest.raises(Problem, match="200 not_roadsight"):
        asked(lambda _: httpx.Response(200, json=damaged))


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>log in first</html>", b"null", b"[]", b'"ok"', b"7", b'{"frame": 7}', b"\xff\xfe", b'{"frame": {}',
     b'{"frame": {}, "regions": [[]], "timings_ms": {}}', b"[" * 100],
)  # fmt: skip
def test_a_stranger_that_says_200_is_told_from_the_service(body: bytes) -> None:
    with pytest.raises(Problem) as caught:
        asked(lambda _: httpx.Response(200, content=body))
    assert (caught.value.status, caught.value.code) == (200, "not_roadsight")


@pytest.mark.parametrize("status", [204, 301, 307, 401, 403, 500, 502])
@pytest.mark.parametrize("body", [b"", b"gateway", b"[]", b"null", b'{"code": 7}', b"\xff"])
def test_a_stranger_that_refuses_is_told_from_the_service(status: int, body: bytes) -> None:
    with pytest.raises(Problem) as caught:
        asked(lambda _: httpx.Response(status, content=body, headers={"Location": "/elsewhere"}))
    assert (caught.value.status, caught.value.code) == (status, "not_roadsight")


def test_a_long_page_of_a_stranger_is_quoted_in_part() -> None:
    with pytest.raises(Problem) as caught:
        asked(lambda _: httpx.Response(502, text="x" * 10_000))
    assert len(caught.value.detail) == 200


def test_members_that_a_problem_adds_do_no_harm() -> None:
    body = {"code": "unknown_task", "detail": "no such task", "tasks": ["colour"], "newer": None}
    with pytest.raises(Problem, match=r"^404 unknown_task: no such task$"):
        asked(lambda _: httpx.Response(404, json=body))


@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("too long"),
        httpx.ReadTimeout("too long"),
        httpx.WriteError("broken pipe"),
        httpx.PoolTimeout("all busy"),
        httpx.RemoteProtocolError("no HTTP"),
        httpx.DecodingError("not gzip"),
        httpx.UnsupportedProtocol("gopher"),
    ],
)
def test_every_way_of_not_getting_an_answer_is_unreachable(error: httpx.RequestError) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    with pytest.raises(Unreachable, match="http://service: ") as caught:
        asked(fail)
    assert caught.value.__cause__ is error
    assert isinstance(caught.value, ClientError)


def test_an_answer_that_can_not_be_unpacked_is_unreachable() -> None:
    with pytest.raises(ClientError):
        asked(lambda _: httpx.Response(200, content=b"not gzip", headers={"Content-Encoding": "gzip"}))
