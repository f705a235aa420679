"""Asks for one check after the other while something else is measured.

Question(s) --Checker, two in flight--> Asked(s) --last--> Checks
"""

import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import cycle, islice
from threading import Event
from time import perf_counter

from roadsight_bench.launch import OK
from roadsight_bench.robustness.checks import Asked, Checks, Question, ask, tally

IN_FLIGHT = 2  # one at work, one waiting: the service's back room never idles
BREATH_S = 0.05  # after an answer that cost nothing


class Checker:
    """Asks as long as its block runs; leaves it once what is in flight has ended."""

    def __init__(self, questions: Sequence[Question]) -> None:
        """Takes what is asked, in turn, over and over."""
        self._questions = questions
        self._stop = Event()
        self._ended_at = 0.0
        self.asked: list[Asked] = []

    def __enter__(self) -> "Checker":
        """Begins."""
        self._pool = ThreadPoolExecutor(IN_FLIGHT, initializer=_give_way)
        starts = [len(self._questions) * index // IN_FLIGHT for index in range(IN_FLIGHT)]
        self._loops: list[Future[None]] = [self._pool.submit(self._ask, start) for start in starts]
        return self

    def __exit__(self, *_: object) -> None:
        """Ends; what is still in flight has no part in `last`."""
        self._ended_at = perf_counter()
        self._stop.set()
        self._pool.shutdown()
        for loop in self._loops:
            loop.result()

    def last(self, seconds: float) -> Checks:
        """Those that ended in the last seconds of the block."""
        begun_at = self._ended_at - seconds
        return tally([one for one in self.asked if begun_at <= one.ended_at <= self._ended_at])

    def _ask(self, start: int) -> None:
        for question in islice(cycle(self._questions), start, None):
            if self._stop.is_set():
                return
            self.asked.append(ask(question))
            if self.asked[-1].status != OK:
                self._stop.wait(BREATH_S)


def _give_way() -> None:
    """Who asks stands for another machine: he must not take a core that a frame waits for."""
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
