"""Whoever opens models beside lanes that serve runs where these leave a core idle; what is born of it does not."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Thread, get_native_id

import pytest

import colours
from roadsight_service.processes.birth import NICENESS
from roadsight_service.processes.crew import Crew
from roadsight_service.processes.priority import give_way
from roadsight_service.settings import Settings
from running import until
from service.loading.house import house, load, save, serves
from service.processes.lanes import paused, until_dead

IDLE = 19, os.SCHED_IDLE


def priority(thread: int) -> tuple[int, int]:
    return os.getpriority(os.PRIO_PROCESS, thread), os.sched_getscheduler(thread)


def test_a_thread_takes_what_it_gave_up_along() -> None:
    found = list[tuple[int, int]]()

    def rest() -> None:
        give_way(get_native_id())
        found.append(priority(get_native_id()))

    thread = Thread(target=rest)
    before = priority(0)
    thread.start()
    thread.join()
    assert found == [IDLE]
    assert priority(0) == before != IDLE


@pytest.mark.parametrize("patient", [True, False])
def test_a_patient_zygote_opens_models_on_a_thread_that_gives_way_and_its_lanes_do_not(
    tmp_path: Path, patient: bool
) -> None:
    colours.save(tmp_path)
    ours = os.getpriority(os.PRIO_PROCESS, 0) + NICENESS, os.SCHED_OTHER
    crew = Crew(Settings(bundles=tmp_path, lanes=1), patient)
    try:
        process, seen = crew._zygote.pid, set[tuple[int, int]]()
        with ThreadPoolExecutor(1) as pool:
            warm = pool.submit(crew.warm)
            while not warm.done():
                for task in Path(f"/proc/{process}/task").iterdir():
                    with suppress(ProcessLookupError):  # it ended just now
                        seen.add(priority(int(task.name)))
        warm.result()
        lane = crew.fork()
        assert (IDLE in seen) is patient
        assert [priority(each) for each in (process, lane.process)] == [ours, ours]
        lane.line.close()
    finally:
        crew.close()


@pytest.mark.parametrize("beside", [True, False])
def test_a_crew_that_ends_beside_others_lets_them_go_first(tmp_path: Path, beside: bool) -> None:
    colours.save(tmp_path)
    crew = Crew(Settings(bundles=tmp_path, lanes=1)).warm()
    process = crew._zygote.pid
    os.kill(process, signal.SIGSTOP)
    try:
        with ThreadPoolExecutor(1) as pool:
            ended = pool.submit(crew.close, beside)
            until(lambda: crew._line.fileno() == -1)
            assert (priority(process) == IDLE) is beside
            os.kill(process, signal.SIGCONT)
            ended.result()
    finally:
        crew.close()


def test_what_is_replaced_ends_with_what_time_the_next_one_leaves(tmp_path: Path) -> None:
    save(tmp_path, "2.0.0")
    with house(tmp_path, load_watch_seconds=0, lanes=2) as running:
        before = [running.zygote, *running.lanes]
        with paused(before):
            assert load(running.url, "colours@2.0.0").status_code == 200
            until(lambda: [priority(each) for each in before] == [IDLE] * 3)
        until_dead(*before)
        after = [running.zygote, *running.lanes]
        assert IDLE not in map(priority, after)
        assert serves(running.url) == "2.0.0"


def test_a_zygote_forks_from_large_pages_and_a_users_own_settings_of_malloc_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    colours.save(tmp_path)
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=3")
    crew = Crew(Settings(bundles=tmp_path, lanes=1)).warm()
    try:
        given = Path(f"/proc/{crew._zygote.pid}/environ").read_bytes()
    finally:
        crew.close()
    malloc = b"glibc.malloc.tcache_count=3:glibc.malloc.hugetlb=1:glibc.malloc.arena_max=1"
    assert b"GLIBC_TUNABLES=" + malloc in given.replace(b"\0", b":")  # as glibc leaves it once it has read it
