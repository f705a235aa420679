"""How fast frames get through, learnt from those that did: a frame that could not be in time is told so at once.

lanes' rounds, answers --Pace--> seconds until one more would be answered

Frames differ in cost, by their crops above all: a frame's weight is one for its decode and one for each crop.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from threading import Lock
from time import monotonic
from typing import Any, Protocol

from roadsight_service.turns import Waits

WEIGHT = 0.1  # of the latest observation; the mean forgets in some ten of them
LIGHT_S = 0.03  # a frame that takes no longer is done in one round of a lane; a heavier one in several
BEAT_S = 0.02
FORGET_S = 1.0  # what nobody has measured for so long counts no more: else who is refused could never show better


class Taken(Waits, Protocol):
    """A frame that a lane takes."""

    future: Any

    @property
    def is_prepared(self) -> bool:
        """Whether it was decoded and cut."""


class Pace:
    """Exponentially weighted means of what frames cost, and how many are being worked on."""

    def __init__(self, lanes: int) -> None:
        self._lanes = lanes
        self._unit_s = 0.0  # what one unit of weight takes of one lane
        self._stay_s = 0.0  # what passes from leaving the queue to the answer, for a light frame
        self._stay_at = 0.0  # when that was measured last
        self._frames, self._weight = 0, 0  # that are being worked on
        self._lag_s = 0.0  # how late the event loop comes to what is due
        self._errands_s = 0.0  # spent on what was left of frames, since a round ended
        self._lock = Lock()

    def expected(self, frames: int, weight: int, own: int) -> float:
        """Seconds until a frame that comes now is answered; while a lane is free, what the event loop needs.

        Args:
            frames: so many go before it.
            weight: of these.
            own: its own.
        """
        with self._lock:
            on_the_loop = 2 * self._lag_s  # before it was seen, and before its answer is sent
            if frames + self._frames < self._lanes:
                return on_the_loop
            # What is being worked on is half done, on the average, and gives way after a round.
            until_a_lane_is_free = min(self._weight * self._unit_s / self._lanes, LIGHT_S) / 2
            fresh = self._stay_s if monotonic() < self._stay_at + FORGET_S else 0.0
            stay = fresh if self._is_light(own) else own * self._unit_s
            before = weight * self._unit_s / self._lanes
            return on_the_loop + before + until_a_lane_is_free + stay

    def _is_light(self, weight: int) -> bool:
        return weight * self._unit_s <= LIGHT_S

    def weight_in(self, seconds: float) -> int:
        """How much a lane gets through in some seconds; 0 before anything was timed."""
        with self._lock:
            return int(seconds / self._unit_s) if self._unit_s else 0

    def begin(self, weight: int, future: Any) -> None:
        """A frame leaves the queue; `future`, of either kind that Python has, tells when it is settled."""
        with self._lock:
            self._frames += 1
            self._weight += weight
        future.add_done_callback(partial(self._settled, weight, monotonic()))

    @contextmanager
    def round(self, jobs: Sequence[Taken]) -> Iterator[None]:
        """Learns from what a lane does with frames in the block; errands since the last one count as theirs."""
        start = monotonic()
        for job in jobs:
            self.begin(job.weight, job.future)
        yield
        prepared = sum(job.weight for job in jobs if job.is_prepared)
        if prepared:
            with self._lock:
                spent, self._errands_s = monotonic() - start + self._errands_s, 0.0
            self.learn(unit_s=spent / prepared)

    @contextmanager
    def errand(self) -> Iterator[None]:
        """Learns from the errand that a lane does in the block."""
        start = monotonic()
        yield
        with self._lock:
            self._errands_s += monotonic() - start

    async def watch_loop(self) -> None:
        """Measures for ever how late the event loop is: under thousands of small frames a second it is what bounds."""
        while True:
            due = monotonic() + BEAT_S
            await asyncio.sleep(BEAT_S)
            with self._lock:
                self._lag_s = monotonic() - due

    def learn(self, unit_s: float | None = None, stay_s: float | None = None) -> None:
        """Takes an observation into the means."""
        with self._lock:
            if unit_s is not None:
                self._unit_s = _mean(self._unit_s, unit_s)
            if stay_s is not None:
                stale = monotonic() >= self._stay_at + FORGET_S
                self._stay_s = stay_s if stale else _mean(self._stay_s, stay_s)
                self._stay_at = monotonic()

    def _settled(self, weight: int, start: float, future: Any) -> None:
        with self._lock:
            self._frames -= 1
            self._weight -= weight
            is_light = self._is_light(weight)
        if is_light and not future.cancelled() and future.exception() is None:
            self.learn(stay_s=monotonic() - start)


def _mean(before: float, now: float) -> float:
    return now if before == 0 else before + WEIGHT * (now - before)
