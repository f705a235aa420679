"""Checks never stand in a live frame's way, wait for one another, and stop when nobody waits for them."""

import os
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from checking import RED_PNG, House, checking
from roadsight_service.robustness.thread import NAME, NICENESS
from running import Wire, head, metric, occupy, post, until

LONG = "attack=pgd&steps=1000"
RUNNING, WAITING = "roadsight_robustness_running", "roadsight_robustness_waiting"
ROUTE = 'route="/v1/robustness"'


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


def held_up(
    pool: ThreadPoolExecutor, house: House, query: str = LONG, deadline_ms: float = 15_000
) -> "Future[httpx.Response]":
    """Begins a check, which stands at the gate of the gradient with its first step."""
    house.gradient.gate.clear()
    house.gradient.entered.clear()
    check = pool.submit(house.check, query, deadline_ms=deadline_ms)
    assert house.gradient.entered.wait(10)
    return check


def checkers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == NAME]


def check_head(query: str) -> bytes:
    return head().replace(b"/v1/classify", b"/v1/robustness?" + query.encode())


def test_a_live_frame_is_answered_while_a_check_is_at_work(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    with checking(tmp_path, lanes=1) as house:
        check = held_up(pool, house, "attack=pgd&steps=3")
        assert post(house.url).status_code == 200
        assert not check.done()
        house.gradient.gate.set()
        assert check.result().json()["spent"]["steps"] == 3


def test_a_check_pauses_while_every_lane_is_busy_until_its_own_deadline(
    tmp_path: Path, pool: ThreadPoolExecutor
) -> None:
    with checking(tmp_path, lanes=1) as house:
        check = held_up(pool, house, deadline_ms=1500)
        frame = occupy(pool, house.url, house.session)
        batches = len(house.session.batches)
        house.gradient.gate.set()
        refused = check.result()
        assert (refused.status_code, refused.json()["code"]) == (504, "deadline_missed")
        until(lambda: metric(house.url, RUNNING) == 0)
        assert (house.gradient.steps, len(house.session.batches)) == (1, batches)
        house.session.gate.set()
        assert frame.result().status_code == 200
        assert house.check("attack=fgsm").status_code == 200


def test_a_check_goes_on_when_the_lanes_have_time_again(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    with checking(tmp_path, lanes=1) as house:
        check = held_up(pool, house, "attack=pgd&steps=3")
        frame = occupy(pool, house.url, house.session)
        house.gradient.gate.set()
        house.session.gate.set()
        assert frame.result().status_code == 200
        assert check.result().json()["spent"]["steps"] == 3


def test_a_second_check_waits_and_a_third_is_told_to_come_back(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    with checking(tmp_path) as house:
        first = held_up(pool, house, "attack=pgd&steps=3")
        second = pool.submit(house.check, "attack=fgsm")
        until(lambda: metric(house.url, WAITING) == 1)
        third = house.check("attack=fgsm")
        assert (third.status_code, third.json()["code"]) == (429, "queue_full")
        assert int(third.headers["retry-after"]) >= 1
        assert (metric(house.url, RUNNING), house.gradient.steps) == (1, 1)
        house.gradient.gate.set()
        assert [first.result().json()["spent"]["steps"], second.result().json()["spent"]["steps"]] == [3, 1]
        assert house.check("attack=fgsm").status_code == 200


def test_a_client_that_hangs_up_stops_its_check(tmp_path: Path) -> None:
    with checking(tmp_path) as house:
        house.gradient.gate.clear()
        client = Wire(house.url)
        client.send(check_head(LONG), RED_PNG)
        assert house.gradient.entered.wait(10)
        client.close()
        until(lambda: metric(house.url, f'roadsight_requests_total{{code="499",{ROUTE}') == 1)
        house.gradient.gate.set()
        until(lambda: metric(house.url, RUNNING) == 0)
        assert house.gradient.steps == 1
        assert metric(house.url, 'roadsight_robustness_requests_total{code="client_gone"}') == 1
        assert metric(house.url, "roadsight_robustness_seconds_count") == 1


def test_a_client_that_hangs_up_while_it_waits_costs_nothing(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    with checking(tmp_path) as house:
        first = held_up(pool, house, "attack=pgd&steps=3")
        client = Wire(house.url)
        client.send(check_head(LONG), RED_PNG)
        until(lambda: metric(house.url, WAITING) == 1)
        client.close()
        until(lambda: metric(house.url, f'roadsight_requests_total{{code="499",{ROUTE}') == 1)
        house.gradient.gate.set()
        assert first.result().status_code == 200
        until(lambda: metric(house.url, WAITING) == 0)
        assert house.gradient.steps == 3


def test_a_deadline_is_told_at_once_and_ends_the_computing(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    with checking(tmp_path) as house:
        late = held_up(pool, house, deadline_ms=1000).result()  # the gate is still shut
        assert (late.status_code, late.json()["code"]) == (504, "deadline_missed")
        house.gradient.gate.set()
        until(lambda: metric(house.url, RUNNING) == 0)
        assert house.gradient.steps == 1
        assert metric(house.url, 'roadsight_robustness_requests_total{code="deadline_missed"}') == 1


def test_a_deadline_that_passes_while_it_waits_costs_nothing(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    with checking(tmp_path) as house:
        first = held_up(pool, house, "attack=pgd&steps=3")
        assert house.check(LONG, deadline_ms=200).status_code == 504
        house.gradient.gate.set()
        assert first.result().status_code == 200
        assert house.gradient.steps == 3


def test_without_a_deadline_of_its_own_a_check_has_that_of_the_settings(tmp_path: Path) -> None:
    with checking(tmp_path, robustness_deadline_ms=200) as house:
        house.gradient.gate.clear()
        response = httpx.post(f"{house.url}/v1/robustness", content=RED_PNG, headers={"Content-Type": "image/png"})
        assert response.status_code == 504


def test_a_service_that_goes_down_ends_a_check(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    with checking(tmp_path, drain_seconds=0, robustness_max_steps=100_000) as house:
        check = held_up(pool, house, "attack=pgd&steps=100000")
    assert (check.result().status_code, check.result().json()["code"]) == (503, "draining")
    until(lambda: not checkers())
    assert 0 < house.gradient.steps < 100_000


def test_a_check_that_fails_is_our_fault_and_the_next_one_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with checking(tmp_path) as house:
        with monkeypatch.context() as broken:
            broken.setattr(house.gradient, "_session", None)
            failed = house.check("attack=fgsm")
        assert (failed.status_code, failed.json()["code"]) == (500, "internal")
        assert "NoneType" not in failed.text
        assert house.check("attack=fgsm").status_code == 200


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a thread has no priority of its own")
def test_its_thread_has_a_low_priority_and_the_others_keep_theirs(tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    with checking(tmp_path) as house:
        held_up(pool, house)
        (thread,) = checkers()
        assert os.getpriority(os.PRIO_PROCESS, thread.native_id or 0) == max(before, NICENESS)
        assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before
    until(lambda: not checkers())
