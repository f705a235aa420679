"""A check's process: it gives way, it ends when nobody waits for it, and nothing of it is left."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

import colour_gradient
from running import RED_PNG, Wire, head, metric, post, until
from service.processes.lanes import Running, check, children, paused, serve_processes, state, until_dead

LONG = "attack=pgd&steps=100000"  # minutes; it never breaks the picture
SETTINGS: dict[str, object] = {"lanes": 1, "robustness_enabled": True, "robustness_max_steps": 100_000}
ASKED = "roadsight_robustness_requests_total"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    root = tmp_path_factory.mktemp("bundles")
    colour_gradient.save(root)
    with serve_processes(root, **SETTINGS) as started:
        yield started


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


@pytest.fixture(autouse=True)
def one_lane_is_left_and_nothing_else(running: Running) -> Iterator[None]:
    """Whatever became of a check, the next one is answered, and nobody holds a socket or a process of it."""
    (lane,) = running.lanes
    assert check(running.url, "attack=fgsm").status_code == 200
    until(lambda: running.lanes == [lane])
    before = [_held(os.getpid()), _held(running.zygote)]
    yield
    until(lambda: running.lanes == [lane])
    assert check(running.url, "attack=fgsm").json()["verdict"] == "robust"
    until(lambda: running.lanes == [lane])
    assert [_held(os.getpid()), _held(running.zygote)] == before
    assert metric(running.url, "roadsight_lanes_lost_total") == 0


def _held(process: int) -> list[str]:
    """The sockets between processes that it holds open; those of the network come and go."""
    held = {os.readlink(each) for each in Path(f"/proc/{process}/fd").iterdir() if each.is_symlink()}
    unix = [line.split()[6] for line in Path(f"/proc/{process}/net/unix").read_text().splitlines()[1:]]
    return sorted(number for number in unix if f"socket:[{number}]" in held)


def begun(running: Running, pool: ThreadPoolExecutor, query: str = LONG) -> "tuple[int, Future[httpx.Response]]":
    """Begins a check; gives its process, which is at work."""
    lanes = running.lanes
    answer = pool.submit(check, running.url, query)
    return running.checker(lanes), answer


def test_it_has_what_time_nobody_else_wants_and_lanes_keep_theirs(running: Running, pool: ThreadPoolExecutor) -> None:
    (lane,) = running.lanes
    checker, answer = begun(running, pool)
    assert (os.getpriority(os.PRIO_PROCESS, checker), os.sched_getscheduler(checker)) == (19, os.SCHED_IDLE)
    assert os.getpriority(os.PRIO_PROCESS, lane) < 19
    assert os.sched_getscheduler(lane) == os.SCHED_OTHER
    os.kill(checker, signal.SIGKILL)
    answer.result()


def test_it_stands_still_while_live_frames_need_the_machine(running: Running, pool: ThreadPoolExecutor) -> None:
    (lane,) = running.lanes
    checker, answer = begun(running, pool, "attack=pgd&steps=2000")
    os.kill(lane, signal.SIGSTOP)
    frames = [pool.submit(post, running.url) for _ in range(2)]
    until(lambda: state(checker) == "T")
    assert not answer.done()
    os.kill(lane, signal.SIGCONT)
    assert {frame.result().status_code for frame in frames} == {200}
    assert answer.result().json()["spent"]["steps"] == 2000


def test_it_is_not_born_while_live_frames_need_the_machine(running: Running, pool: ThreadPoolExecutor) -> None:
    (lane,) = running.lanes
    with running.paused():
        frames = [pool.submit(post, running.url) for _ in range(3)]
        until(lambda: metric(running.url, "roadsight_queue_depth") == 1)  # the lane has the others
        late = pool.submit(check, running.url, "attack=fgsm", headers={"X-Deadline-Ms": "1000"})
        until(lambda: metric(running.url, "roadsight_robustness_running") == 1)
        while not late.done():
            assert running.lanes == [lane]
    assert (late.result().status_code, late.result().json()["code"]) == (504, "deadline_missed")
    assert {frame.result().status_code for frame in frames} == {200}


def test_beside_several_lanes_it_goes_on_while_two_are_idle(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    colour_gradient.save(tmp_path)
    with serve_processes(tmp_path, **SETTINGS | {"lanes": 3}) as other:
        lanes = sorted(other.lanes)  # as they were born, and are given frames
        with paused(lanes):
            checker, answer = begun(other, pool)
            frames = [pool.submit(post, other.url) for _ in range(2)]
            until(lambda: state(checker) == "T")
            os.kill(lanes[0], signal.SIGCONT)
            until(lambda: any(frame.done() for frame in frames))
            until(lambda: state(checker) != "T")
            assert not all(frame.done() for frame in frames)
        assert {frame.result().status_code for frame in frames} == {200}
        os.kill(checker, signal.SIGKILL)
        answer.result()


def test_a_client_that_hangs_up_ends_it(running: Running) -> None:
    gone, lanes = f'{ASKED}{{code="client_gone"}}', running.lanes
    before = metric(running.url, gone)
    with Wire(running.url) as client:
        client.send(head().replace(b"/v1/classify", f"/v1/robustness?{LONG}".encode()), RED_PNG)
        checker = running.checker(lanes)
    until_dead(checker)
    until(lambda: metric(running.url, gone) == before + 1)


def test_a_deadline_ends_it_even_where_it_stands(running: Running, pool: ThreadPoolExecutor) -> None:
    lanes = running.lanes
    answer = pool.submit(check, running.url, LONG, headers={"X-Deadline-Ms": "1500"})
    checker = running.checker(lanes)
    os.kill(checker, signal.SIGSTOP)
    late = answer.result()
    assert (late.status_code, late.json()["code"]) == (504, "deadline_missed")
    until_dead(checker)


def test_where_it_dies_its_client_is_told_and_the_one_that_waits_is_next(
    running: Running, pool: ThreadPoolExecutor
) -> None:
    checker, answer = begun(running, pool)
    waits = pool.submit(check, running.url, "attack=fgsm")
    until(lambda: metric(running.url, "roadsight_robustness_waiting") == 1)
    third = check(running.url, "attack=fgsm")
    assert (third.status_code, third.json()["code"]) == (429, "queue_full")
    os.kill(checker, signal.SIGKILL)
    assert (answer.result().status_code, answer.result().json()["code"]) == (500, "internal")
    assert waits.result().json()["verdict"] == "robust"


def test_a_large_frame_and_many_checks_one_after_the_other_leave_nothing(running: Running) -> None:
    padded = RED_PNG + bytes(3_000_000)  # more than a socket takes at once
    assert {check(running.url, "attack=fgsm", padded).status_code for _ in range(20)} == {200}


def test_a_service_that_goes_down_ends_it_and_tells_its_client(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    colour_gradient.save(tmp_path)
    with serve_processes(tmp_path, **SETTINGS, drain_seconds=0) as other:
        checker, answer = begun(other, pool)
        zygote = other.zygote
    assert (answer.result().status_code, answer.result().json()["code"]) == (503, "draining")
    until_dead(checker)
    assert zygote not in children(os.getpid())
