"""How the service goes down: what is in flight is answered, what is late is told so, and the process ends well."""

import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

import colours
from roadsight_service.registry import Registry
from roadsight_service.settings import Settings
from running import (
    RED_PNG,
    Wire,
    await_line,
    head,
    launched,
    metric,
    occupy,
    post,
    serve,
    serve_watched,
    until,
    watched_colours,
)


def test_sigterm_answers_the_frame_in_flight_and_ends_with_success(tmp_path: Path) -> None:
    colours.save(tmp_path)
    with launched(tmp_path, ROADSIGHT_PROVIDER="cpu") as (url, process), Wire(url) as camera, Wire(url) as idle:
        camera.send(head(Expect="100-continue"))
        assert camera.reply().status == 100  # the request runs now, and waits for its body
        process.send_signal(signal.SIGTERM)
        await_line(process, "Shutting down")
        camera.send(RED_PNG)
        answer = camera.reply()
        assert (answer.status, answer.headers["connection"]) == (200, "close")
        assert idle.ended()
        assert process.wait(20) == 0


def test_ctrl_c_ends_with_success_too(tmp_path: Path) -> None:
    colours.save(tmp_path)
    with launched(tmp_path, ROADSIGHT_PROVIDER="cpu") as (url, process):
        assert post(url).status_code == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


def test_a_port_that_is_taken_ends_with_failure(tmp_path: Path) -> None:
    colours.save(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with pytest.raises(AssertionError, match=r"status [1-9]"), launched(tmp_path, port, ROADSIGHT_PROVIDER="cpu"):
            raise RuntimeError("it listens on a port that another has")


def test_what_is_not_done_when_the_time_to_drain_is_up_is_told_so(tmp_path: Path) -> None:
    with serve_watched(tmp_path, drain_seconds=0) as (url, session):
        camera = Wire(url)
        camera.send(head(Expect="100-continue"))
        assert camera.reply().status == 100
    with camera:
        told = camera.reply()
        assert (told.status, told.json["code"]) == (503, "draining")
        assert told.headers["content-type"] == "application/problem+json"
        assert camera.ended()
    assert session.batches == []


def test_a_frame_in_inference_when_the_time_is_up_is_told_so(tmp_path: Path) -> None:
    session = watched_colours(tmp_path)
    session.gate.clear()
    with serve(Settings(drain_seconds=0), lambda _: Registry({"colour": session})) as url:
        camera = Wire(url)
        camera.send(head(), RED_PNG)
        assert session.entered.wait(10)
    with camera:
        assert camera.reply().json["code"] == "draining"
    session.gate.set()


@pytest.mark.usefixtures("long_rounds")
def test_frames_that_wait_are_answered_before_the_service_stops(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        with serve_watched(tmp_path, lanes=1) as (url, session):
            answers = [occupy(pool, url, session)]
            answers += [pool.submit(post, url) for _ in range(4)]
            until(lambda: metric(url, "roadsight_queue_depth") == 4)
        assert {answer.result().status_code for answer in answers} == {200}
        assert session.batches == [1, 4]


def test_a_stopped_service_leaves_no_thread_and_no_door_open(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with serve_watched(tmp_path, lanes=4) as (url, _):
        assert post(url).status_code == 200
        assert {thread.name for thread in set(threading.enumerate()) - before} >= {f"lane-{i}" for i in range(4)}
    assert not set(threading.enumerate()) - before
    with pytest.raises(httpx.ConnectError):
        post(url)


def test_it_can_be_started_and_stopped_again_and_again(tmp_path: Path) -> None:
    session = watched_colours(tmp_path)
    for _ in range(3):
        with serve(Settings(lanes=1), lambda _: Registry({"colour": session})) as url:
            assert post(url).status_code == 200
    assert session.batches == [1, 1, 1]
