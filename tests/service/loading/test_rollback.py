"""A model that fails at its work goes back by itself; whoever asks gets the one before at once."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pictures import encoded, striped
from roadsight_service.processes import birth
from running import metric, until
from service.loading.house import ask, house, load, load_next, loads, refuses_red, save, serves
from service.processes.lanes import Running, children, is_alive

DIM = encoded(striped((90, 0, 0)))


def zygotes(running: Running) -> list[int]:
    return [each for each in children(os.getpid()) if each not in running.others and is_alive(each)]


def serves_dim(running: Running) -> str:
    return str(ask(running.url, DIM).json()["regions"][0]["results"][0]["version"])


def test_one_that_fails_more_often_than_it_may_goes_back_to_what_was_kept_warm(tmp_path: Path) -> None:
    save(tmp_path, "2.0.0", {"classifier.onnx": refuses_red()})
    with house(tmp_path, load_max_errors=2) as running:
        old = running.zygote
        assert load(running.url, "colours@2.0.0").status_code == 200
        assert len(zygotes(running)) == 2
        for _ in range(2):
            assert serves_dim(running) == "2.0.0"
            assert ask(running.url).status_code == 500
        assert serves_dim(running) == "2.0.0"
        assert ask(running.url).status_code == 500
        assert serves(running.url) == "1.0.0"
        until(lambda: zygotes(running) == [old])
        assert (loads(running.url, "loaded"), loads(running.url, "rolled_back")) == (1, 1)
        assert metric(running.url, "roadsight_lanes_lost_total") == 0


def test_lanes_that_die_of_it_count_too(tmp_path: Path) -> None:
    save(tmp_path, "2.0.0")
    with house(tmp_path, load_max_errors=0) as running:
        old = running.zygote
        assert load(running.url, "colours@2.0.0").status_code == 200
        (new,) = set(zygotes(running)) - {old}
        lanes = children(new)
        for lane in lanes:
            os.kill(lane, signal.SIGSTOP)
        with ThreadPoolExecutor(8) as pool:
            frames = [pool.submit(ask, running.url) for _ in range(8)]
            until(lambda: metric(running.url, "roadsight_queue_depth") > 0)
            for lane in lanes:
                os.kill(lane, signal.SIGKILL)
            assert {frame.result().status_code for frame in frames} == {200, 500}
        assert serves(running.url) == "1.0.0"


def test_the_version_before_serves_again_at_once_while_the_new_one_is_watched(tmp_path: Path) -> None:
    save(tmp_path, "2.0.0")
    save(tmp_path, "3.0.0")
    with house(tmp_path) as running:
        old = running.zygote
        assert load(running.url, "colours@2.0.0").status_code == 200
        refused = load(running.url, "colours@3.0.0")
        assert (refused.status_code, refused.json()["code"]) == (409, "load_in_progress")
        assert "colours@2.0.0 is watched" in refused.json()["detail"]
        back = load(running.url, "colours@1.0.0").json()
        assert (back["version"], back["before"]) == ("1.0.0", "colours@2.0.0")
        assert serves(running.url) == "1.0.0"
        until(lambda: zygotes(running) == [old])
        assert loads(running.url, "rolled_back") == 1
        assert load_next(running.url, "colours@3.0.0").status_code == 200


@pytest.mark.parametrize("watch", [0, 1])
def test_once_the_watch_is_over_failures_are_told_and_it_stays(tmp_path: Path, watch: int) -> None:
    save(tmp_path, "2.0.0", {"classifier.onnx": refuses_red()})
    with house(tmp_path, load_max_errors=0, load_watch_seconds=watch) as running:
        assert load(running.url, "colours@2.0.0").status_code == 200
        until(lambda: len(zygotes(running)) == 1)
        assert ask(running.url).status_code == 500
        assert serves_dim(running) == "2.0.0"
        assert loads(running.url, "rolled_back") == 0


def test_it_does_not_go_back_to_what_has_no_lanes_any_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path, "2.0.0", {"classifier.onnx": refuses_red()})
    with house(tmp_path, load_max_errors=0) as running:
        old = running.zygote
        assert load(running.url, "colours@2.0.0").status_code == 200
        monkeypatch.setattr(birth, "MODULE", "roadsight_service.processes.nothing")
        lanes = children(old)
        os.kill(old, signal.SIGKILL)
        until(lambda: metric(running.url, "roadsight_lanes_lost_total") == len(lanes))
        assert ask(running.url).status_code == 500
        assert serves_dim(running) == "2.0.0"
        assert load(running.url, "colours@1.0.0").status_code == 409
