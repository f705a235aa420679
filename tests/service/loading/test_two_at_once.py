"""While a model is opened: another load, a process that dies, a service that stops."""

import errno
import os
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from roadsight_service.processes.birth import MODULE
from running import launched, until
from service.loading.house import KEYS, house, load, save, serves
from service.processes.lanes import children, until_dead


@contextmanager
def held_up(url: str, service: int) -> Iterator[tuple["Future[httpx.Response]", int]]:
    """Asks for 2.0.0 and stops the process that opens it; it goes on when the block ends, if it lives."""
    before = set(children(service))
    with ThreadPoolExecutor(1) as pool:
        loading = pool.submit(load, url, "colours@2.0.0")
        until(lambda: len(set(children(service)) - before) == 1)
        (opening,) = set(children(service)) - before
        # Until it is another program, the service stands still with it: it waits for `vfork`.
        until(lambda: MODULE in Path(f"/proc/{opening}/cmdline").read_text())
        os.kill(opening, signal.SIGSTOP)
        yield loading, opening


def test_of_two_loads_at_once_one_is_told_so(tmp_path: Path) -> None:
    save(tmp_path, "2.0.0")
    with house(tmp_path) as running:
        with held_up(running.url, os.getpid()) as (first, opening):
            second = load(running.url, "colours@2.0.0")
            assert (second.status_code, second.json()["code"]) == (409, "load_in_progress")
            assert "colours@2.0.0 is being loaded" in second.json()["detail"]
            assert serves(running.url) == "1.0.0"
            os.kill(opening, signal.SIGCONT)
        assert first.result().status_code == 200
        assert serves(running.url) == "2.0.0"


def test_where_the_process_that_opens_it_is_killed_nothing_changes_and_it_can_be_tried_again(tmp_path: Path) -> None:
    save(tmp_path, "2.0.0")
    with house(tmp_path) as running:
        before = running.lanes
        with held_up(running.url, os.getpid()) as (loading, opening):
            os.kill(opening, signal.SIGKILL)
        failed = loading.result()
        assert (failed.status_code, failed.json()["reason"]) == (422, "lane_lost")
        assert serves(running.url) == "1.0.0"
        assert running.lanes == before
        assert load(running.url, "colours@2.0.0").status_code == 200


def test_where_no_process_can_be_had_for_it_nothing_changes(tmp_path: Path) -> None:
    def no_process(*_: object, **__: object) -> None:
        raise BlockingIOError(errno.EAGAIN, "no process left")

    save(tmp_path, "2.0.0")
    with house(tmp_path) as running, pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess, "Popen", no_process)
        refused = load(running.url, "colours@2.0.0")
        assert (refused.status_code, refused.json()["reason"]) == (422, "lane_lost"), refused.text
        assert "no process left" in refused.json()["detail"]
        assert serves(running.url) == "1.0.0"


def test_a_service_that_stops_meanwhile_waits_for_it_no_longer_than_for_any_request(tmp_path: Path) -> None:
    save(tmp_path, "1.0.0")
    save(tmp_path, "2.0.0")
    settings = {
        "ROADSIGHT_MODELS": "colours@1.0.0",
        "ROADSIGHT_KEYS": KEYS,
        "ROADSIGHT_PROVIDER": "cpu",
        "ROADSIGHT_DRAIN_SECONDS": "1",
    }
    with launched(tmp_path, **settings) as (url, process), held_up(url, process.pid) as (loading, opening):
        everybody = [opening, *children(process.pid)]
        process.terminate()
        assert process.wait(20) == 0
        until_dead(*everybody)
        error = loading.exception(20)
        assert isinstance(error, httpx.TransportError) or loading.result().status_code == 503
