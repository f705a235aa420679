"""What happens when more comes than can be done; asserted by counting work, not by timing it."""

import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from pictures import RED, encoded, striped
from running import Watched, serve_watched

RED_PNG = encoded(striped(RED))


def post(url: str, deadline_ms: int = 15_000) -> httpx.Response:
    headers = {"Content-Type": "image/png", "X-Deadline-Ms": str(deadline_ms)}
    return httpx.post(f"{url}/v1/classify", content=RED_PNG, headers=headers, timeout=20)


def metric(url: str, name: str) -> float:
    lines = httpx.get(f"{url}/metrics").text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


def until(condition: Callable[[], bool], wait_s: float = 10) -> None:
    end = time.monotonic() + wait_s
    while not condition():
        assert time.monotonic() < end, "it never came to pass"
        time.sleep(0.01)


def occupy(pool: ThreadPoolExecutor, url: str, session: Watched) -> "Future[httpx.Response]":
    """Shuts the gate and sends a frame that holds the only lane before it."""
    session.gate.clear()
    session.entered.clear()
    held = pool.submit(post, url)
    until(session.entered.is_set)
    return held


def test_a_full_queue_says_429_with_retry_after_and_loses_none_that_it_took(tmp_path: Path) -> None:
    with serve_watched(tmp_path, lanes=1, queue_frames=2) as (url, session), ThreadPoolExecutor(8) as pool:
        held = occupy(pool, url, session)
        waiting = [pool.submit(post, url) for _ in range(2)]
        until(lambda: metric(url, "roadsight_queue_depth") == 2)
        refused = post(url)
        assert (refused.status_code, refused.json()["code"]) == (429, "queue_full")
        assert int(refused.headers["retry-after"]) >= 1
        session.gate.set()
        assert [answer.result().status_code for answer in (held, *waiting)] == [200, 200, 200]
        assert metric(url, 'roadsight_frames_dropped_total{reason="queue_full"}') == 1


def test_what_waits_is_inferred_together(tmp_path: Path) -> None:
    with serve_watched(tmp_path, lanes=1, queue_frames=16) as (url, session), ThreadPoolExecutor(8) as pool:
        held = occupy(pool, url, session)
        waiting = [pool.submit(post, url) for _ in range(5)]
        until(lambda: metric(url, "roadsight_queue_depth") == 5)
        session.gate.set()
        assert {answer.result().status_code for answer in (held, *waiting)} == {200}
        assert session.batches == [1, 5]


def test_a_deadline_that_passes_in_the_queue_costs_no_inference(tmp_path: Path) -> None:
    with serve_watched(tmp_path, lanes=1) as (url, session), ThreadPoolExecutor(8) as pool:
        held = occupy(pool, url, session)
        late = post(url, deadline_ms=100)
        assert (late.status_code, late.json()["code"]) == (504, "deadline_missed")
        assert metric(url, "roadsight_queue_depth") == 0
        session.gate.set()
        assert held.result().status_code == 200
        assert session.batches == [1]
        assert metric(url, 'roadsight_frames_dropped_total{reason="deadline_missed"}') == 1


def test_a_client_that_hangs_up_costs_nothing_and_frees_its_place(tmp_path: Path) -> None:
    with serve_watched(tmp_path, lanes=1) as (url, session), ThreadPoolExecutor(8) as pool:
        held = occupy(pool, url, session)
        host, port = url.removeprefix("http://").split(":")
        camera = socket.create_connection((host, int(port)), timeout=5)
        head = f"POST /v1/classify HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: {len(RED_PNG)}"
        camera.sendall(head.encode() + b"\r\n\r\n" + RED_PNG)
        until(lambda: metric(url, "roadsight_queue_depth") == 1)
        camera.close()
        until(lambda: metric(url, "roadsight_queue_depth") == 0)
        session.gate.set()
        assert held.result().status_code == 200
        assert session.batches == [1]
        assert metric(url, 'roadsight_frames_dropped_total{reason="client_gone"}') == 1


def test_frames_in_the_house_are_answered_before_the_service_stops(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        with serve_watched(tmp_path, lanes=1) as (url, session):
            held = occupy(pool, url, session)
            threading.Timer(0.3, session.gate.set).start()
        assert held.result().status_code == 200


def test_a_model_that_fails_is_our_fault_and_the_lane_lives_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve_watched(tmp_path, lanes=1) as (url, session):
        with monkeypatch.context() as broken:
            broken.setattr(session, "_session", None)
            failed = post(url)
        assert (failed.status_code, failed.json()["code"]) == (500, "internal")
        assert "NoneType" not in failed.text
        assert post(url).status_code == 200
        assert metric(url, 'roadsight_requests_total{code="500",route="/v1/classify"}') == 1
