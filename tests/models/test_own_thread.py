"""One thread for all calls; whoever waits too long is told, and nobody else pays for it."""

import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from roadsight_models.own_thread import OwnThread
from running import until


class Held:
    """What work holds."""

    def ident(self) -> int:
        return threading.get_ident()


def test_all_calls_are_done_on_one_thread_one_after_the_other() -> None:
    own, running, most = OwnThread("own"), 0, 0

    def work() -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        running -= 1
        return threading.get_ident()

    with ThreadPoolExecutor(8) as pool:
        threads = set(pool.map(lambda _: own.call(work, 10), range(200)))
    assert len(threads) == 1 and threads.isdisjoint({threading.get_ident()})
    assert most == 1


def test_an_error_is_the_caller_s_and_the_thread_lives_on() -> None:
    own = OwnThread("own")
    with pytest.raises(ZeroDivisionError):
        own.call(lambda: 1 // 0, 10)
    assert own.call(lambda: 2, 10) == 2


def test_what_failed_work_had_opened_is_freed_with_its_error() -> None:
    own, opened = OwnThread("own"), []

    def work() -> None:
        session = Held()
        opened.append(weakref.ref(session))
        raise RuntimeError(f"{session} could not be warmed")

    gc.disable()  # a GPU's memory can't wait for a collection
    try:
        with suppress(RuntimeError):
            own.call(work, 10)
        until(lambda: opened[0]() is None)
    finally:
        gc.enable()


def test_work_that_hangs_is_given_up_and_what_waits_behind_it_is_never_begun() -> None:
    own, gate, begun = OwnThread("own"), threading.Event(), threading.Event()
    for work in (gate.wait, begun.set):
        with pytest.raises(TimeoutError):
            own.call(work, 0.05)
    gate.set()
    assert own.call(lambda: "goes on", 10) == "goes on"
    assert not begun.is_set()


def test_the_thread_ends_with_its_owner_and_keeps_nothing_alive() -> None:
    def use() -> "weakref.ref[Held]":
        held = Held()
        OwnThread("of nobody").call(held.ident, 10)
        return weakref.ref(held)

    held = use()
    gc.collect()
    until(lambda: "of nobody" not in {thread.name for thread in threading.enumerate()})
    assert held() is None
