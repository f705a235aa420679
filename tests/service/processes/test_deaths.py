"""What becomes of frames, and of the service, when a process dies or hangs."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

import colours
from roadsight_models.errors import BadBundle, LaneLost
from roadsight_service.opening import open_models
from roadsight_service.processes import birth, port
from roadsight_service.settings import Settings
from running import launched, metric, post, until
from service.processes.lanes import Running, children, frames_that_wait, is_alive, serve_processes, until_dead

LOST = "roadsight_lanes_lost_total"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serve_processes(tmp_path_factory.mktemp("bundles"), lanes=2) as started:
        yield started


def test_a_lane_that_is_killed_is_replaced_and_its_frames_are_told(running: Running) -> None:
    lost, lanes = metric(running.url, LOST), running.lanes
    with ThreadPoolExecutor(8) as pool:
        with running.paused():
            frames = [pool.submit(post, running.url) for _ in range(8)]
            until(lambda: metric(running.url, "roadsight_queue_depth") > 0)
            os.kill(lanes[0], signal.SIGKILL)
            until(lambda: any(frame.done() for frame in frames))
        answers = [frame.result() for frame in frames]
    told = [answer.json() for answer in answers if answer.status_code == 500]
    assert told
    assert {problem["code"] for problem in told} == {"internal"}
    assert {answer.status_code for answer in answers} == {200, 500}
    until(lambda: len(running.lanes) == 2)
    assert lanes[1] in running.lanes
    assert metric(running.url, LOST) == lost + 1
    assert {post(running.url).status_code for _ in range(6)} == {200}


def test_where_all_lanes_are_killed_frames_wait_for_others(running: Running) -> None:
    assert post(running.url).status_code == 200
    killed = set(running.lanes)
    for lane in killed:
        os.kill(lane, signal.SIGKILL)
    assert post(running.url).status_code in {200, 500}  # it may have been given to one that was dying
    until(lambda: len(set(running.lanes) - killed) == 2)
    assert post(running.url).status_code == 200
    assert httpx.get(f"{running.url}/readyz").json()["status"] == "ready"


def test_a_lane_that_hangs_is_ended_and_replaced(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port, "PATIENCE_S", 0.1)
    hanging = running.lanes
    for lane in hanging:
        os.kill(lane, signal.SIGSTOP)
    assert post(running.url, deadline_ms=100).status_code == 504
    until(lambda: any(lane not in running.lanes for lane in hanging))
    for lane in set(hanging) & set(running.lanes):
        os.kill(lane, signal.SIGCONT)
    assert post(running.url).status_code == 200


def test_where_the_zygote_is_killed_another_takes_its_place_with_lanes_of_its_own(running: Running) -> None:
    old, lanes = running.zygote, running.lanes
    os.kill(old, signal.SIGKILL)
    until_dead(*lanes)
    until(lambda: httpx.get(f"{running.url}/readyz").status_code == 503)
    assert metric(running.url, "roadsight_ready") == 0
    assert post(running.url).status_code == 200  # it waits for the new ones
    assert running.zygote != old
    until(lambda: len(running.lanes) == 2)
    assert httpx.get(f"{running.url}/readyz").status_code == 200


@pytest.mark.parametrize("hard", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_with_the_serving_process_all_others_end(tmp_path: Path, hard: signal.Signals) -> None:
    colours.save(tmp_path)
    with launched(tmp_path, ROADSIGHT_PROVIDER="cpu", ROADSIGHT_LANES="2") as (url, process):
        assert post(url).status_code == 200
        (zygote,) = children(process.pid)
        lanes = children(zygote)
        assert len(lanes) == 2
        for lane in lanes if hard == signal.SIGKILL else ():
            os.kill(lane, signal.SIGSTOP)  # not even one that hangs stays
        for each in (process.pid, zygote, *lanes) if hard == signal.SIGINT else (process.pid,):
            os.kill(each, hard)  # a terminal interrupts all of them
        assert process.wait(20) == (-hard if hard == signal.SIGKILL else 0)
        until_dead(zygote, *lanes)


def test_a_service_that_stops_leaves_no_process(tmp_path: Path) -> None:
    with serve_processes(tmp_path) as running:
        zygote, lanes = running.zygote, running.lanes
        assert post(running.url).status_code == 200
    assert not any(map(is_alive, (zygote, *lanes)))
    assert zygote not in children(os.getpid())


def test_what_waits_is_answered_before_the_service_stops(tmp_path: Path) -> None:
    with ExitStack() as cameras:
        with serve_processes(tmp_path) as running, running.paused():
            wires = frames_that_wait(running.url, cameras)
        assert {wire.reply().status for wire in wires} == {200}


def test_a_bundle_that_can_not_be_trusted_stops_the_start_in_the_words_of_a_registry(tmp_path: Path) -> None:
    before = children(os.getpid())
    with pytest.raises(BadBundle, match="ROADSIGHT_BUNDLES"):
        open_models(Settings(bundles=tmp_path, provider="cpu"))
    assert children(os.getpid()) == before


def test_a_zygote_that_dies_at_the_start_stops_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(birth, "MODULE", "roadsight_service.processes.nothing")
    colours.save(tmp_path)
    with pytest.raises(LaneLost, match="ended with status 1"):
        open_models(Settings(bundles=tmp_path, provider="cpu"))
