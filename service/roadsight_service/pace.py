"""How fast frames get through, learnt from those that did: a frame that could not be in time is told so at once.

lanes' rounds, answers --Pace--> seconds until one more would be answered
"""

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from threading import Lock
from time import monotonic

from roadsight_service.work import Done, Job

WEIGHT = 0.1  # of the latest observation; the mean forgets in some ten of them


class Pace:
    """Exponentially weighted means of what a frame costs, and how many are being worked on."""

    def __init__(self, lanes: int) -> None:
        self._lanes = lanes
        self._lane_s = 0.0  # what one frame takes of one lane
        self._stay_s = 0.0  # what passes from leaving the queue to the answer
        self._working = 0
        self._errands_s = 0.0  # spent on what was left of frames, since a round ended
        self._lock = Lock()

    def expected(self, ahead: int) -> float:
        """Seconds until a frame that comes now is answered, if `ahead` others go before it; 0 while a lane is free."""
        with self._lock:
            if ahead + self._working < self._lanes:
                return 0.0
            # What is being worked on is half done, on the average.
            return (ahead + self._working / 2) * self._lane_s / self._lanes + self._stay_s

    def frames_in(self, seconds: float) -> int:
        """How many frames a lane gets through in some seconds; at least one, and no more before one was timed."""
        with self._lock:
            return max(1, int(seconds / self._lane_s)) if self._lane_s else 1

    @contextmanager
    def round(self, jobs: list[Job]) -> Iterator[None]:
        """Learns from what a lane does with frames in the block; errands since the last one count as theirs."""
        start = monotonic()
        with self._lock:
            self._working += len(jobs)
        for job in jobs:
            job.future.add_done_callback(partial(self._settled, start))
        yield
        prepared = sum(job.is_prepared for job in jobs)
        if prepared:
            with self._lock:
                spent, self._errands_s = monotonic() - start + self._errands_s, 0.0
            self.learn(lane_s=spent / prepared)

    @contextmanager
    def errand(self) -> Iterator[None]:
        """Learns from the errand that a lane does in the block."""
        start = monotonic()
        yield
        with self._lock:
            self._errands_s += monotonic() - start

    def learn(self, lane_s: float | None = None, stay_s: float | None = None) -> None:
        """Takes an observation into the means."""
        with self._lock:
            if lane_s is not None:
                self._lane_s = _mean(self._lane_s, lane_s)
            if stay_s is not None:
                self._stay_s = _mean(self._stay_s, stay_s)

    def _settled(self, start: float, future: "Future[Done]") -> None:
        with self._lock:
            self._working -= 1
        if not future.cancelled() and future.exception() is None:
            self.learn(stay_s=monotonic() - start)


def _mean(before: float, now: float) -> float:
    return now if before == 0 else before + WEIGHT * (now - before)
