"""What is inferred on a GPU, and what is not: counted by the crops and batches that there were, each once."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import colours
from pictures import BLUE, GREEN, RED, encoded, striped
from running import RED_PNG, Wire, head, metric, post, until
from service.processes.on_gpu import OnGpu, serve_on_gpu

FRAME = encoded(striped(RED, GREEN, BLUE))
CLOSED = 'roadsight_requests_total{code="499"'
LONG_MS = 100.0  # that crops wait for company, so that a busy machine does not decide a test


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnGpu]:
    root = tmp_path_factory.mktemp("bundles")
    colours.save(root)
    with serve_on_gpu(root, batch_delay_ms=LONG_MS, batch_crops=32) as started:
        yield started


def batches(running: OnGpu) -> float:
    return metric(running.url, "roadsight_batch_size_count")


def until_counted(running: OnGpu, batches_and_crops: tuple[float, float]) -> None:
    """A lane reports its batches when its round has ended: who was answered early may ask before."""
    until(lambda: (batches(running), running.crops()) == batches_and_crops)


def boxes(count: int) -> str:
    return f"?regions={json.dumps([[i % 60, 0, 40 + i % 60, 40] for i in range(count)])}".replace(" ", "")


def test_frames_of_several_lanes_share_a_batch(running: OnGpu) -> None:
    before, crops = batches(running), running.crops()
    with ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(post, running.url, 15_000, FRAME, boxes(3)) for _ in range(2)]
        assert {answer.result().status_code for answer in answers} == {200}
    until_counted(running, (before + 1, crops + 6))


def test_a_full_batch_does_not_wait_and_each_is_counted_once(running: OnGpu) -> None:
    before, crops = batches(running), running.crops()
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(post, running.url, 15_000, FRAME, boxes(32)) for _ in range(8)]
        assert {answer.result().status_code for answer in answers} == {200}
    until_counted(running, (before + 8, crops + 8 * 32))


def test_a_frame_of_more_than_lanes_may_hand_in_at_once_is_answered_whole(running: OnGpu) -> None:
    before, crops = batches(running), running.crops()
    answer = post(running.url, body=FRAME, query=f"{boxes(150)}&suspicion=true")
    assert len(answer.json()["regions"]) == 150
    until(lambda: running.crops() == crops + 3 * 150)
    assert batches(running) - before <= 450 / 32 + 2 * 8  # not much is wasted at the ends of pieces


def test_a_client_that_hangs_up_spares_the_gpu_its_work(running: OnGpu) -> None:
    before, closed = running.crops(), metric(running.url, CLOSED)
    with running.hung():
        with Wire(running.url) as camera:
            camera.send(head(), RED_PNG)
            until(lambda: metric(running.url, "roadsight_queue_depth") == 0)
        until(lambda: metric(running.url, CLOSED) == closed + 1)
    assert post(running.url).status_code == 200
    until(lambda: running.crops() >= before + 1)
    assert running.crops() == before + 1


def test_a_deadline_that_passes_in_the_engine_is_told_at_once_and_costs_no_work(running: OnGpu) -> None:
    before = running.crops()
    with running.hung():
        late = post(running.url, deadline_ms=300)
        assert (late.status_code, late.json()["code"]) == (504, "deadline_missed")
    assert post(running.url).status_code == 200
    until(lambda: running.crops() >= before + 1)
    assert running.crops() == before + 1


def test_the_time_of_a_frame_is_told_stage_by_stage(running: OnGpu) -> None:
    spent = post(running.url, body=FRAME, query=boxes(4)).json()["timings_ms"]
    assert spent["queue"] > LONG_MS / 2  # it waited for company
    assert 0 < spent["inference"] < LONG_MS
    assert spent["decode"] > 0
    assert sum(spent.values()) - spent["total"] <= spent["total"] + 0.01


def test_frames_of_one_round_that_are_done_early_lose_no_batch(tmp_path: Path) -> None:
    colours.save(tmp_path)
    with serve_on_gpu(tmp_path, lanes=1, batch_delay_ms=0, batch_crops=2) as alone, ThreadPoolExecutor(12) as pool:
        with alone.hung():
            frames = [pool.submit(post, alone.url) for _ in range(12)]
            until(lambda: metric(alone.url, "roadsight_queue_depth") >= 6)
        assert {frame.result().status_code for frame in frames} == {200}
        until(lambda: alone.crops() == 12)
        assert 6 <= batches(alone) <= 12
