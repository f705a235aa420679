"""Whoever opens models beside lanes that serve runs where these leave a core idle; what is born of it does not."""

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Thread, get_native_id

import pytest

import colours
from roadsight_service.processes.crew import NICENESS, Crew
from roadsight_service.processes.priority import give_way
from roadsight_service.settings import Settings

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
