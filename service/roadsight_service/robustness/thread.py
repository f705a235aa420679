"""A check on a thread of its own, of low priority: beside lanes that are threads.

    work --on_a_thread--> what it gives; it asks its Stay before each step whether to go on
                          ClientGone, DeadlineMissed

While live frames wait, or every lane is busy, it pauses where it stands, until its own deadline.
"""

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from time import monotonic
from typing import TypeVar

from roadsight_models.errors import DeadlineMissed
from roadsight_service.room import ClientGone

NAME = "check"
NICENESS = 10  # a tenth of a live thread's share of a core; with less it would keep the interpreter's lock for longer
PAUSE_S = 0.005

Kind = TypeVar("Kind")


class Stay:
    """A check's stay on its thread."""

    def __init__(self, deadline: float, is_busy: Callable[[], bool]) -> None:
        self._deadline, self._is_busy = deadline, is_busy
        self._gone = threading.Event()

    def leave(self) -> None:
        """Nobody waits for the check any more."""
        self._gone.set()

    def go_on(self) -> None:
        """Pauses while live frames need the machine; ends what nobody waits for.

        Raises:
            ClientGone, DeadlineMissed: it is not worth going on.
        """
        self._check()
        while self._is_busy():
            self._gone.wait(PAUSE_S)
            self._check()

    def _check(self) -> None:
        if self._gone.is_set():
            raise ClientGone
        if monotonic() >= self._deadline:
            raise DeadlineMissed("the check was done")


async def on_a_thread(work: Callable[[Callable[[], None]], Kind], deadline: float, is_busy: Callable[[], bool]) -> Kind:
    """Runs it, and waits until its thread has ended; also if this is cancelled, which its next step notices.

    Args:
        work: is given what it calls before each step.
        deadline: seconds on the monotonic clock.
        is_busy: whether live frames need the machine.

    Raises:
        DeadlineMissed: the deadline passed before a step.
        Exception: what `work` raises.
    """
    future, stay = Future[Kind](), Stay(deadline, is_busy)
    threading.Thread(target=_do, args=(work, stay, future), name=NAME, daemon=True).start()
    ended = asyncio.wrap_future(future)
    try:
        return await asyncio.shield(ended)
    except asyncio.CancelledError:
        stay.leave()
        await asyncio.wait([ended])
        if not ended.cancelled():
            ended.exception()  # nobody wants to know of it
        raise


def _do(work: Callable[[Callable[[], None]], Kind], stay: Stay, future: "Future[Kind]") -> None:
    if sys.platform == "linux":  # where a thread has a priority of its own
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, max(NICENESS, os.getpriority(os.PRIO_PROCESS, thread)))
    with suppress(InvalidStateError):  # the service went down meanwhile
        try:
            stay.go_on()
            future.set_result(work(stay.go_on))
        except Exception as error:  # belongs to whoever waits
            future.set_exception(error)
