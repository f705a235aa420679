"""What has time stands still while live frames need the machine, and goes on when nobody holds it any more."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from roadsight_service.loading import beside
from roadsight_service.processes.reins import hold
from running import metric, post, until
from service.loading.house import ADMIN, house, load, save
from service.processes.lanes import Running, children, is_alive, paused, state


@pytest.fixture
def process() -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as started:
        yield started
        started.kill()


async def until_state(process: int, wanted: str) -> None:
    async with asyncio.timeout(10):
        while state(process) not in wanted:
            await asyncio.sleep(0.001)


async def test_it_stands_and_goes_on_with_the_machine_and_when_it_is_let_go(process: "subprocess.Popen[bytes]") -> None:
    busy, told = [True], list[signal.Signals]()

    def tell(number: signal.Signals) -> None:
        told.append(number)
        process.send_signal(number)

    held = asyncio.ensure_future(hold(tell, lambda: busy[0]))
    await until_state(process.pid, "T")
    busy[0] = False
    await until_state(process.pid, "SR")
    busy[0] = True
    await until_state(process.pid, "T")
    held.cancel()
    with suppress(asyncio.CancelledError):
        await held
    await until_state(process.pid, "SR")
    assert told == [signal.SIGSTOP, signal.SIGCONT] * 2


async def test_one_that_is_gone_is_told_nothing(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()
    looks = list[bool]()

    def is_busy() -> bool:
        looks.append(len(looks) % 2 == 0)
        return looks[-1]

    held = asyncio.ensure_future(hold(process.send_signal, is_busy))
    async with asyncio.timeout(10):
        while len(looks) < 5:
            await asyncio.sleep(0.001)
    assert not held.done()
    held.cancel()


def opening(running: Running, before: list[int]) -> int:
    """The process that opens models, once it is there."""
    until(lambda: len(set(running.zygotes) - set(before)) == 1)
    (found,) = set(running.zygotes) - set(before)
    return found


@pytest.mark.parametrize("held_s", [0.0, 30.0])
def test_models_are_opened_while_lanes_are_idle_and_after_a_while_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held_s: float
) -> None:
    monkeypatch.setattr(beside, "HELD_S", held_s)
    save(tmp_path, "2.0.0")
    with house(tmp_path, load_watch_seconds=0, lanes=1) as running, ThreadPoolExecutor(4) as pool:
        before = running.zygotes
        with paused(running.lanes):
            frames = [pool.submit(post, running.url, Authorization=ADMIN["Authorization"]) for _ in range(3)]
            until(lambda: metric(running.url, "roadsight_queue_depth") == 1)  # the lane has the others
            loading = pool.submit(load, running.url, "colours@2.0.0")
            process = opening(running, before)
            if held_s:
                until(lambda: state(process) == "T")
                assert not children(process)
            else:
                until(lambda: len(children(process)) == 1)
            assert not any(frame.done() for frame in frames)
        assert {frame.result().status_code for frame in frames} == {200}
        assert loading.result().status_code == 200
        assert is_alive(process)
        assert process in children(os.getpid())
