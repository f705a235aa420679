"""A frame in the serving process while lanes, which are other processes, work on it.

Order --pieces: some regions each--> lanes --Part(s), in any order--> Seen
                                     BadImage, BadRegion, DeadlineMissed, LaneLost
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import NamedTuple

from roadsight_models.judgement import Judgement
from roadsight_models.regions import whole, within
from roadsight_service.metrics import Clock
from roadsight_service.quality import Quality
from roadsight_service.room import Ask, Seen, crops_of

Rows = tuple[tuple[Judgement, ...], ...]


class Part(NamedTuple):
    """What a lane saw of a frame."""

    width: int
    height: int
    rows: Rows  # [region][task]
    spent: dict[str, float]  # seconds by stage
    quality: Quality


@dataclass(eq=False)
class Order:
    """One frame, from the queue until it is settled."""

    body: bytes
    ask: Ask
    tasks: tuple[str, ...]
    clock: Clock
    future: "asyncio.Future[Seen]"
    taken: int = 0  # of its regions, by lanes
    since: float = field(default_factory=perf_counter)
    withdraw: dict[object, Callable[[], None]] = field(default_factory=dict)  # of each piece that a lane has
    _parts: dict[int, Part] = field(default_factory=dict)  # by their first region

    def __post_init__(self) -> None:
        self.camera, self.deadline, self.stream = self.ask.camera, self.ask.deadline, self.ask.stream
        self.regions = max(1, len(self.ask.regions))
        self.crops = crops_of(self.ask, self.tasks)
        self.weight = 1 + self.crops

    def begin(self) -> None:
        """Leaves the queue."""
        self.clock.add("queue", perf_counter() - self.since)

    def take(self, first: int, part: Part) -> None:
        """Takes what was seen of the regions from `first` on; the last part settles the order."""
        self._parts[first] = part
        if not self.future.done() and sum(len(each.rows) for each in self._parts.values()) == self.regions:
            self._book([each.spent for each in self._parts.values()])
            parts = [each for _, each in sorted(self._parts.items())]
            size = part.width, part.height
            regions = within(self.ask.regions, *size) or (whole(*size),)
            rows = tuple(row for each in parts for row in each.rows)
            self.future.set_result(Seen(*size, regions, rows, part.quality))

    def fail(self, error: Exception) -> None:
        """Settles it with an error, and withdraws what lanes have of it."""
        if not self.future.done():
            self.future.set_exception(error)
        self.leave()

    def fail_at(self, error: Exception, spent: dict[str, float]) -> None:
        """Settles it with an error of a lane, which got so far."""
        if not self.future.done():
            self._book([spent])
        self.fail(error)

    def leave(self) -> None:
        """Nobody waits any more: lanes need not go on."""
        for withdraw in self.withdraw.values():
            withdraw()

    def _book(self, spent: list[dict[str, float]]) -> None:
        """The stages of all parts, within the time that passed: lanes may work side by side. The rest is waiting."""
        passed, worked = perf_counter() - self.since, 0.0
        total = sum(sum(each.values()) - each.get("queue", 0.0) for each in spent)
        scale = min(1.0, passed / total) if total else 1.0
        for each in spent:
            for stage, seconds in each.items():
                if stage != "queue":
                    self.clock.add(stage, seconds * scale)
                    worked += seconds * scale
        self.clock.spent["queue"] = max(0.0, passed - worked)


class Work(NamedTuple):
    """Some regions of a frame, for one lane."""

    order: Order
    first: int
    end: int


class Remainder:
    """The regions of a frame that no lane has yet."""

    def __init__(self, order: Order) -> None:
        self.order, self.camera, self.deadline = order, order.camera, order.deadline

    def __len__(self) -> int:
        """How many those are; none once nobody waits."""
        return 0 if self.order.future.done() else self.order.regions - self.order.taken

    def next(self, regions: int) -> Work:
        """Some of them."""
        first = self.order.taken
        self.order.taken = min(self.order.regions, first + regions)
        return Work(self.order, first, self.order.taken)
