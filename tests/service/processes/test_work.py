"""What lanes that are processes do, and what they do not: counted by the crops that they inferred."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pictures import BLUE, GREEN, RED, encoded, striped
from roadsight_service.processes.division import WORTH_IT
from running import RED_PNG, Wire, head, metric, post, until
from service.processes.lanes import Running, serve_processes

LARGE = encoded(striped(RED, GREEN, BLUE))
ORDER = ["red", "green", "blue"] * 20
BOXES = f"?regions={json.dumps([[40 * (i % 3), 0, 40 * (i % 3) + 40, 40] for i in range(60)])}&top=1"
CLOSED = 'roadsight_requests_total{code="499"'


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serve_processes(tmp_path_factory.mktemp("bundles"), queue_frames=8) as started:
        yield started


def batches(running: Running) -> float:
    return metric(running.url, "roadsight_batch_size_count")


def labels(running: Running, query: str) -> list[str]:
    answer = post(running.url, body=LARGE, query=query)
    assert answer.status_code == 200, answer.text
    return [region["results"][0]["predictions"][0]["label"] for region in answer.json()["regions"]]


def test_before_lanes_know_their_pace_a_frame_is_done_in_small_pieces_and_put_together(running: Running) -> None:
    assert labels(running, BOXES) == ORDER
    assert 2 < batches(running) <= 60 / WORTH_IT
    assert running.crops() == 60


def test_idle_lanes_share_a_large_frame_and_leave_a_small_one_whole(running: Running) -> None:
    for _ in range(20):  # until the pace is learnt
        post(running.url)
    before, crops = batches(running), running.crops()
    assert labels(running, BOXES) == ORDER
    assert batches(running) - before == 2
    assert labels(running, "?regions=[[0,0,40,40],[40,0,80,40]]") == ["red", "green"]
    assert batches(running) - before == 3
    assert running.crops() - crops == 62


def test_a_client_that_hangs_up_spares_the_lanes_its_work(running: Running) -> None:
    before, closed = running.crops(), metric(running.url, CLOSED)
    with running.paused():
        for query in ("", BOXES.replace('"', "").replace(" ", "")):  # one frame, and one in pieces
            with Wire(running.url) as camera:
                camera.send(head(query, len(LARGE)), LARGE)
                until(lambda: metric(running.url, "roadsight_queue_depth") == 0)
        until(lambda: metric(running.url, CLOSED) == closed + 2)
    assert post(running.url).status_code == 200
    assert running.crops() == before + 1


def test_a_deadline_that_passes_in_a_lane_is_told_at_once_and_costs_no_work(running: Running) -> None:
    before = running.crops()
    with running.paused():
        late = post(running.url, deadline_ms=200)
        assert (late.status_code, late.json()["code"]) == (504, "deadline_missed")
    assert post(running.url).status_code == 200
    assert running.crops() == before + 1


def test_a_full_queue_refuses_and_those_who_wait_are_answered(running: Running) -> None:
    with ThreadPoolExecutor(32) as pool:
        with running.paused():
            frames = [pool.submit(post, running.url) for _ in range(32)]
            until(lambda: sum(frame.done() for frame in frames) > 0)
            assert metric(running.url, "roadsight_queue_depth") == 8
        codes = [frame.result().status_code for frame in frames]
    assert set(codes) == {200, 429}
    assert codes.count(200) >= 8
    assert metric(running.url, "roadsight_queue_depth") == 0


def test_what_waits_is_inferred_together(running: Running) -> None:
    before, crops = batches(running), running.crops()
    with ThreadPoolExecutor(12) as pool:
        with running.paused():
            frames = [pool.submit(post, running.url) for _ in range(12)]
            until(lambda: metric(running.url, "roadsight_queue_depth") >= 6)
        assert {frame.result().status_code for frame in frames} == {200}
    assert running.crops() - crops == 12
    assert batches(running) - before < 12


def test_a_frame_larger_than_a_sockets_buffer_gets_through(running: Running) -> None:
    padding = b"\0\0\x01\0tEXt"  # a chunk is not needed for that: what follows a PNG's end is not looked at
    body = RED_PNG + padding * 400_000
    assert post(running.url, body=body).status_code == 200
    with ThreadPoolExecutor(6) as pool:
        answers = [pool.submit(post, running.url, 15_000, body) for _ in range(6)]
        assert {answer.result().status_code for answer in answers} == {200}


def test_batches_whose_frames_are_told_early_are_counted_too(tmp_path: Path) -> None:
    with serve_processes(tmp_path, lanes=1, batch_crops=1) as alone, ThreadPoolExecutor(12) as pool:
        with alone.paused():
            frames = [pool.submit(post, alone.url) for _ in range(12)]
            until(lambda: metric(alone.url, "roadsight_queue_depth") >= 6)
        assert {frame.result().status_code for frame in frames} == {200}
        assert (alone.crops(), batches(alone)) == (12, 12)
