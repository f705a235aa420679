"""One thread for work that may wait: lowest priority, one job at work, one more waiting.

    work --run--> its turn --> work, which asks its Stay before each step whether to go on
         QueueFull             ClientGone, DeadlineMissed, Draining

While live frames wait, or every lane is busy, a job pauses where it stands, until its own deadline.
"""

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from queue import SimpleQueue
from time import monotonic
from typing import TypeVar

from roadsight_models.errors import DeadlineMissed, Draining, QueueFull
from roadsight_service.room import ClientGone

PLACES = 2  # one at work, one waiting
NICENESS = 10  # a tenth of a live thread's share of a core; with less it would keep the interpreter's lock for longer
PAUSE_S = 0.005

Kind = TypeVar("Kind")


class Stay:
    """A job's stay in the back room."""

    def __init__(self, deadline: float, is_busy: Callable[[], bool], draining: threading.Event) -> None:
        self._deadline, self._is_busy, self._draining = deadline, is_busy, draining
        self._gone = threading.Event()

    def leave(self) -> None:
        """Nobody waits for the job any more."""
        self._gone.set()

    def go_on(self) -> None:
        """Pauses while live frames need the machine; ends what nobody waits for.

        Raises:
            ClientGone, DeadlineMissed, Draining: it is not worth going on.
        """
        self._check()
        while self._is_busy():
            self._gone.wait(PAUSE_S)
            self._check()

    def _check(self) -> None:
        if self._gone.is_set():
            raise ClientGone
        if self._draining.is_set():
            raise Draining("the service is going down")
        if monotonic() >= self._deadline:
            raise DeadlineMissed("the check was done")


class BackRoom:
    """The thread, and what waits for it."""

    def __init__(self, is_busy: Callable[[], bool]) -> None:
        """Starts the thread.

        Args:
            is_busy: whether live frames need the machine; is asked before each step of a job.
        """
        self._is_busy = is_busy
        self._draining = threading.Event()
        self._free = threading.BoundedSemaphore(PLACES)  # a job that was given up holds its place until it stops
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="back-room", daemon=True)
        self._thread.start()

    def __len__(self) -> int:
        """How many jobs wait."""
        return self._jobs.qsize()

    async def run(self, work: Callable[[Stay], Kind], deadline: float) -> Kind:
        """Does a job, when its turn comes.

        Args:
            work: runs on the thread, and calls `go_on` before each step.
            deadline: seconds on the monotonic clock.

        Raises:
            QueueFull: one is at work and another waits.
            DeadlineMissed: told when the deadline passes, whatever the thread is doing.
            Draining: the service is going down.
        """
        if not self._free.acquire(blocking=False):
            raise QueueFull("one check is at work and another waits already")
        future, stay = Future[Kind](), Stay(deadline, self._is_busy, self._draining)
        self._jobs.put(lambda: self._do(work, stay, future))
        late = DeadlineMissed("the check was done")
        alarm = asyncio.get_running_loop().call_later(deadline - monotonic(), _settle, future.set_exception, late)
        try:
            return await asyncio.wrap_future(future)
        finally:
            alarm.cancel()
            stay.leave()

    def close(self, within_s: float) -> None:
        """Stops: what is at work ends before its next step. Gives up on a step that hangs longer."""
        self._draining.set()
        self._jobs.put(None)
        self._thread.join(within_s)

    def _work(self) -> None:
        if sys.platform == "linux":  # where a thread has a priority of its own
            thread = threading.get_native_id()
            os.setpriority(os.PRIO_PROCESS, thread, max(NICENESS, os.getpriority(os.PRIO_PROCESS, thread)))
        while (job := self._jobs.get()) is not None:
            job()

    def _do(self, work: Callable[[Stay], Kind], stay: Stay, future: "Future[Kind]") -> None:
        try:
            stay.go_on()
            result = work(stay)
        except Exception as error:  # belongs to whoever waits; the thread lives on
            _settle(future.set_exception, error)
        else:
            _settle(future.set_result, result)
        finally:
            self._free.release()


def _settle(how: Callable[[Kind], None], value: Kind) -> None:
    # Whoever waits may leave at this very moment, or have been told that it is too late.
    with suppress(InvalidStateError):
        how(value)
