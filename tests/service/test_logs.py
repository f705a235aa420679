"""What the service says of its requests, and how."""

import json
import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import colours
from roadsight_service import request_log
from roadsight_service.logs import formatter
from roadsight_service.request_log import Problem, RequestLog
from running import RED_PNG, launched, post, serve_watched

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
NOISE = bytes(range(256)) * 40  # no picture


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """All lines of a service that logs JSON at debug, and had a good frame, bad ones, and an unknown path."""
    bundles = tmp_path_factory.mktemp("bundles")
    colours.save(bundles)
    settings = {"ROADSIGHT_LOG_FORMAT": "json", "ROADSIGHT_LOG_LEVEL": "debug", "ROADSIGHT_PROVIDER": "cpu"}
    with launched(bundles, **settings) as (url, process):
        post(url, traceparent=TRACEPARENT)
        post(url, body=NOISE, traceparent=TRACEPARENT)
        post(url, query="?top=x")
        httpx.get(f"{url}/no/such/path")
        process.terminate()
        _, rest = process.communicate(timeout=20)
    yield rest.splitlines()


def about(said: list[str], **fields: object) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in said]
    return [line for line in lines if fields.items() <= line.items()]


def test_every_line_is_an_object_with_time_level_and_logger(said: list[str]) -> None:
    for line in about(said):
        assert {"timestamp", "level", "logger", "event"} <= line.keys()
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", str(line["timestamp"]))


def test_a_request_is_a_line_at_debug(said: list[str]) -> None:
    (line,) = about(said, level="debug", route="/v1/classify", status=200)
    assert line["trace_id"] == TRACE
    assert isinstance(line["ms"], float)
    assert len(about(said, level="debug", route="/v1/classify")) == 3
    assert len(about(said, level="debug", route="unmatched", status=404)) == 1


def test_a_problem_is_a_line_at_warning_with_its_code(said: list[str]) -> None:
    (line,) = about(said, level="warning", code="bad_image")
    assert (line["status"], line["route"], line["trace_id"]) == (400, "/v1/classify", TRACE)
    assert len(about(said, level="warning", code="bad_parameter")) == 1
    assert len(about(said, level="warning", code="not_found")) == 1


def test_nothing_of_a_picture_is_said(said: list[str]) -> None:
    for body in (RED_PNG, NOISE):
        for part in (repr(body[40:52]), body[40:52].hex(), json.dumps(body[40:52].decode("latin-1"))):
            assert not any(part.strip("b'\"") in line for line in said)


def test_a_problem_names_the_trace_of_its_request(tmp_path: Path) -> None:
    with serve_watched(tmp_path) as (url, _):
        for query in ("?task=smell", "?top=x", "?regions=[[9,9,0,0]]"):
            assert post(url, query=query, traceparent=TRACEPARENT).json()["trace_id"] == TRACE
        changes = ("4bf9", "gggg"), (TRACE, "0" * 32), ("00f067aa0ba902b7", "0" * 16), ("00-", "ff-"), ("-01", "-1")
        for old, new in changes:
            header = TRACEPARENT.replace(old, new, 1)
            assert "trace_id" not in post(url, query="?top=x", traceparent=header).json()


def failed_with(frame: bytes) -> Any:
    """What is known of an exception in a function that holds a frame."""
    try:
        raise ValueError("broken")
    except ValueError:
        return sys.exc_info()


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == request_log.__name__]


def test_a_flood_of_refusals_is_a_line_a_second_and_none_is_forgotten(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, now = RequestLog(), 1000.0
    monkeypatch.setattr(request_log, "monotonic", lambda: now)
    full = Problem("queue_full", "64 wait")
    for _ in range(1000):
        log.note("/v1/classify", 429, 0.001, None, full)
    log.note("/v1/classify", 504, 0.001, None, Problem("deadline_missed", "late"))
    now += 1
    log.note("/v1/classify", 429, 0.001, None, full)
    assert lines(caplog) == [
        "/v1/classify 429 queue_full: '64 wait'",
        "/v1/classify 504 deadline_missed: 'late'",
        "/v1/classify 429 queue_full: '64 wait' (and 999 more since the last line of this code)",
    ]


def test_what_a_client_sent_forges_no_line(caplog: pytest.LogCaptureFixture) -> None:
    RequestLog().note("/v1/classify", 422, 0.001, None, Problem("bad_parameter", "x\nERROR all is lost \x1b[31m\ud800"))
    (line,) = lines(caplog)
    assert line.isascii() and line.isprintable()


def test_at_info_a_good_request_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        RequestLog().note("/v1/classify", 200, 0.001, None, None)
    assert lines(caplog) == []


def test_a_traceback_in_json_has_no_variables() -> None:
    record = logging.LogRecord("uvicorn.error", logging.ERROR, "", 0, "failed", None, failed_with(NOISE))
    line = json.loads(formatter("json").format(record))
    assert "ValueError: broken" in line["exception"]
    assert "x00" not in line["exception"]
