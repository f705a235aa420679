"""Every way to ask badly gets a clear problem+json, and the next frame is answered as if nothing had been."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pictures import RED, encoded, png_header, striped
from running import Watched, serve_watched

PNG = {"Content-Type": "image/png"}
RED_PNG = encoded(striped(RED))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Watched]]:
    with serve_watched(tmp_path_factory.mktemp("bundles"), max_body_bytes=200_000) as running:
        yield running


@pytest.fixture(autouse=True)
def nothing_is_lost(service: tuple[str, Watched]) -> Iterator[None]:
    yield
    answer = httpx.post(f"{service[0]}/v1/classify", content=RED_PNG, headers=PNG)
    assert answer.json()["regions"][0]["results"][0]["predictions"][0]["label"] == "red"


def ask(
    service: tuple[str, Watched],
    body: bytes = RED_PNG,
    query: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    return httpx.post(f"{service[0]}/v1/classify", content=body, params=query, headers=PNG | (headers or {}))


def expect_problem(response: httpx.Response, status: int, code: str) -> dict[str, object]:
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert (response.status_code, body["status"], body["code"]) == (status, status, code), body
    assert body["detail"]
    return dict(body)


def test_an_empty_body(service: tuple[str, Watched]) -> None:
    assert "empty" in str(expect_problem(ask(service, b""), 400, "bad_image")["detail"])


def test_a_truncated_jpeg(service: tuple[str, Watched]) -> None:
    whole = encoded(striped(RED), ".jpg")
    expect_problem(ask(service, whole[: len(whole) // 2], headers={"Content-Type": "image/jpeg"}), 400, "bad_image")


def test_a_text_named_jpg(service: tuple[str, Watched]) -> None:
    expect_problem(ask(service, b"this is no picture", headers={"Content-Type": "image/jpeg"}), 400, "bad_image")


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", "image/tiff", ""])
def test_an_unsupported_type(service: tuple[str, Watched], kind: str) -> None:
    detail = expect_problem(ask(service, headers={"Content-Type": kind}), 415, "unsupported_media_type")["detail"]
    assert "image/jpeg" in str(detail)


def test_a_png_that_claims_to_be_huge(service: tuple[str, Watched]) -> None:
    expect_problem(ask(service, png_header(60_000, 60_000)), 413, "too_large")


def test_a_body_that_says_it_is_over_the_limit(service: tuple[str, Watched]) -> None:
    expect_problem(ask(service, bytes(200_001)), 413, "too_large")


def test_a_body_over_the_limit_is_refused_while_it_streams(service: tuple[str, Watched]) -> None:
    host, port = service[0].removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as camera:
        camera.sendall(
            b"POST /v1/classify HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        for _ in range(3):  # 300 kB of an endless body; the answer comes though the body never ends
            camera.sendall(b"186a0\r\n" + bytes(100_000) + b"\r\n")
        assert camera.recv(4096).startswith(b"HTTP/1.1 413")


def test_a_region_wholly_outside(service: tuple[str, Watched]) -> None:
    body = expect_problem(ask(service, query={"regions": "[[0,0,9,9],[50,0,60,9]]"}), 422, "bad_region")
    assert body["index"] == 1


@pytest.mark.parametrize("bad", ["[9,0,1,9]", "[NaN,0,9,9]", "[0,0,9]", '["a",0,9,9]'])
def test_a_region_that_is_no_box(service: tuple[str, Watched], bad: str) -> None:
    body = expect_problem(ask(service, query={"regions": f"[[0,0,9,9],{bad},[9,9,0,0]]"}), 422, "bad_region")
    assert body["index"] == 1


def test_more_than_256_regions(service: tuple[str, Watched]) -> None:
    body = expect_problem(ask(service, query={"regions": json.dumps([[0, 0, 9, 9]] * 257)}), 422, "bad_region")
    assert body["index"] == 256


def test_an_unknown_task_is_told_the_tasks_there_are(service: tuple[str, Watched]) -> None:
    assert expect_problem(ask(service, query={"task": "smell"}), 404, "unknown_task")["tasks"] == ["colour"]


def test_an_unknown_version_is_told_the_one_that_serves(service: tuple[str, Watched]) -> None:
    assert "1.0.0" in str(expect_problem(ask(service, query={"version": "9.9.9"}), 404, "unknown_version")["detail"])


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"query": {"task": "\U0001f6b8" * 5_000}}, "unknown_task"),
        ({"query": {"version": "9" * 60_000}}, "unknown_version"),
        ({"query": {"t" * 60_000: "1"}}, "bad_parameter"),
        ({"headers": {"Content-Type": "a/" + "b" * 20_000}}, "unsupported_media_type"),
    ],
    ids=["task", "version", "name", "content type"],
)
def test_what_is_refused_is_quoted_in_few_words(service: tuple[str, Watched], asked: dict[str, Any], code: str) -> None:
    refused = ask(service, **asked)
    assert (refused.json()["code"], len(refused.content) < 1_000) == (code, True)


@pytest.mark.parametrize("deadline", ["0", "-5", "0.0001"])
def test_an_expired_deadline_is_told_so_and_costs_no_inference(service: tuple[str, Watched], deadline: str) -> None:
    before = len(service[1].batches)
    expect_problem(ask(service, headers={"X-Deadline-Ms": deadline}), 504, "deadline_missed")
    assert len(service[1].batches) == before


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ({"top": "-1"}, {}),
        ({"top": "five"}, {}),
        ({"region": "[[0,0,9,9]]"}, {}),
        ({"regions": "not json"}, {}),
        ({}, {"X-Deadline-Ms": "soon"}),
        ({}, {"X-Deadline-Ms": "nan"}),
        ({}, {"X-Frame-Id": "x" * 129}),
        ({}, {"X-Captured-At": "yesterday"}),
        ({}, {"X-Captured-At": "2026-05-04T10:00:00"}),
        ({}, {"X-Captured-At": "2026-13-04T10:00:00Z"}),
    ],
)
def test_a_parameter_that_can_not_be_read(
    service: tuple[str, Watched], query: dict[str, str], headers: dict[str, str]
) -> None:
    expect_problem(ask(service, query=query, headers=headers), 422, "bad_parameter")


@pytest.mark.parametrize("files", [{"picture": RED_PNG}, {"frame": RED_PNG, "frame2": RED_PNG}])
def test_a_form_without_its_one_file(service: tuple[str, Watched], files: dict[str, bytes]) -> None:
    expect_problem(httpx.post(f"{service[0]}/v1/classify", files=files), 422, "bad_parameter")


def test_a_form_that_is_none(service: tuple[str, Watched]) -> None:
    expect_problem(
        ask(service, b"--x\r\nrubbish", headers={"Content-Type": "multipart/form-data"}), 422, "bad_parameter"
    )


def test_a_form_over_the_limit(service: tuple[str, Watched]) -> None:
    expect_problem(httpx.post(f"{service[0]}/v1/classify", files={"frame": bytes(300_000)}), 413, "too_large")


def test_a_route_that_is_not_there(service: tuple[str, Watched]) -> None:
    expect_problem(httpx.get(f"{service[0]}/v1/classifi"), 404, "not_found")
    expect_problem(httpx.get(f"{service[0]}/v1/classify"), 405, "method_not_allowed")


def test_a_body_that_never_comes_is_given_up_at_its_deadline(service: tuple[str, Watched]) -> None:
    host, port = service[0].removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as camera:
        camera.sendall(
            b"POST /v1/classify HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\n"
            b"Content-Length: 1000\r\nX-Deadline-Ms: 50\r\n\r\nonly this"
        )
        assert camera.recv(4096).startswith(b"HTTP/1.1 504")


def test_bodies_of_all_requests_together_are_bounded(tmp_path: Path) -> None:
    with serve_watched(tmp_path, max_buffered_bytes=2000) as (url, _):
        response = httpx.post(f"{url}/v1/classify", content=bytes(3000), headers=PNG)
        expect_problem(response, 429, "queue_full")
        assert response.headers["retry-after"] == "1"
        assert httpx.post(f"{url}/v1/classify", content=RED_PNG, headers=PNG).status_code == 200
