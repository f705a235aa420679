"""Checks of robustness beside an engine: their process asks it, and finds what one finds that has the models itself."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

import colour_gradient
import colours
from checking import ENOUGH, ONE_LESS, lasting
from running import metric, post, until
from service.processes.lanes import Running, check, paused, serve_processes, state, until_dead
from service.processes.on_gpu import OnGpu, serve_on_gpu

LONG = "attack=pgd&steps=100000"  # minutes; it never breaks the picture
SETTINGS: dict[str, object] = {"robustness_enabled": True, "robustness_max_steps": 100_000}
Pair = tuple[OnGpu, Running]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """The same model on a GPU, and on a CPU."""
    root = tmp_path_factory.mktemp("bundles")
    colour_gradient.save(root)
    with serve_processes(root, **SETTINGS) as cpu, serve_on_gpu(root, **SETTINGS) as gpu:
        yield gpu, cpu


@pytest.fixture(autouse=True)
def nothing_is_left_of_the_check_before(pair: Pair) -> None:
    until(lambda: len(pair[0].lanes) == 2)


def begun(running: Running, pool: ThreadPoolExecutor, query: str = LONG) -> "tuple[int, Future[httpx.Response]]":
    lanes = running.lanes
    answer = pool.submit(check, running.url, query)
    return running.checker(lanes), answer


@pytest.mark.parametrize(
    ("query", "status"),
    [
        (f"epsilon={ENOUGH}&image=true", 200),
        (f"epsilon={ONE_LESS}", 200),
        ("attack=pgd&epsilon=1&search=true&seed=7&region=[0,0,40,30]", 200),
        ("norm=l2&epsilon=14.5&attack=pgd&target=2&label=red", 200),
        ("attack=corruptions", 200),
        ("attack=certify&n=50&sigma=0.25", 200),
        ("version=1.0.1", 404),
        ("norm=l3&epsilon=0.1", 422),
        ("region=[90,0,99,9]", 422),
    ],
)
def test_the_finding_is_the_same(pair: Pair, query: str, status: int) -> None:
    gpu, cpu = (check(each.url, query) for each in pair)
    assert (gpu.status_code, cpu.status_code) == (status, status), gpu.text
    assert lasting(gpu.json()) == lasting(cpu.json())


def test_its_batches_are_not_counted_as_those_of_frames(pair: Pair) -> None:
    before = pair[0].crops()
    assert check(pair[0].url, "attack=pgd").status_code == 200
    assert pair[0].crops() == before
    assert post(pair[0].url).status_code == 200
    until(lambda: pair[0].crops() >= before + 1)
    assert pair[0].crops() == before + 1


def test_it_stands_still_while_live_frames_need_the_machine(pair: Pair) -> None:
    running = pair[0]
    with ThreadPoolExecutor(4) as pool:
        lanes = running.lanes
        checker, answer = begun(running, pool, "attack=pgd&steps=2000")
        with paused(lanes):
            frames = [pool.submit(post, running.url) for _ in range(3)]
            until(lambda: state(checker) == "T")
            assert not answer.done()
        assert {frame.result().status_code for frame in frames} == {200}
        assert answer.result().json()["spent"]["steps"] == 2000


def test_a_deadline_ends_it_and_the_engine_goes_on(pair: Pair) -> None:
    running = pair[0]
    engine, lanes = running.engine, running.lanes
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(check, running.url, LONG, headers={"X-Deadline-Ms": "1500"})
        checker = running.checker(lanes)
        assert (late.result().status_code, late.result().json()["code"]) == (504, "deadline_missed")
    until_dead(checker)
    assert check(running.url, "attack=fgsm").json()["verdict"] == "robust"
    until(lambda: running.lanes == lanes)
    assert running.engine == engine


def test_where_its_process_dies_its_client_is_told_and_nothing_is_left_in_the_engine(pair: Pair) -> None:
    running = pair[0]
    lanes, threads = running.lanes, Path(f"/proc/{running.engine}/task")
    before = len(list(threads.iterdir()))
    with ThreadPoolExecutor(1) as pool:
        checker, answer = begun(running, pool)
        os.kill(checker, signal.SIGKILL)
        assert (answer.result().status_code, answer.result().json()["code"]) == (500, "internal")
    until(lambda: len(list(threads.iterdir())) <= before)
    until(lambda: running.lanes == lanes)
    assert metric(running.url, "roadsight_lanes_lost_total") == 0


def test_a_model_without_a_gradient_says_so(tmp_path: Path) -> None:
    colours.save(tmp_path)
    with serve_on_gpu(tmp_path, **SETTINGS) as running:
        refused = check(running.url, "attack=pgd")
        assert (refused.status_code, "without a gradient" in refused.text) == (422, True)
        assert check(running.url, "attack=corruptions").status_code == 200
