"""What was asked, in the serving process, while lanes, which are other processes, work on it.

Order --pieces: some regions each--> lanes --Part(s), in any order--> what was asked for
                                     BadImage, BadRegion, DeadlineMissed, LaneLost
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from time import perf_counter
from typing import Any, Generic, NamedTuple, TypeVar

from roadsight_service.metrics import Clock
from roadsight_service.processes.wire import Piece, Reply
from roadsight_service.quality import Quality
from roadsight_service.room import Ask, Batch
from roadsight_service.served import Models

Answer = TypeVar("Answer")
Body = bytes | memoryview


class Part(NamedTuple):
    """What a lane says of some regions."""

    rows: tuple[Any, ...]  # one a region
    spent: dict[str, float]  # seconds by stage
    size: tuple[int, int] = (0, 0)  # of the frame
    quality: Quality | None = None  # likewise


class Order(ABC, Generic[Answer]):
    """What was asked at one time, from the queue until it is settled."""

    def __init__(self, body: bytes, ask: Ask | Batch, regions: int, crops: int, clock: Clock) -> None:
        self.body, self.clock = body, clock
        self.camera, self.deadline, self.priority = ask.camera, ask.deadline, ask.priority
        self.stream: object | None = None  # that it is a frame of
        self.regions = regions  # that it can be divided by
        self.crops = crops
        self.weight = 1 + crops
        self.taken = 0  # of its regions, by lanes
        self.since = perf_counter()
        self.future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.withdraw: dict[object, Callable[[], None]] = {}  # of each piece that a lane has
        self._parts: dict[int, Part] = {}  # by their first region

    @abstractmethod
    def piece(self, slot: int, first: int, end: int) -> tuple[Piece, Body]:
        """What a lane is told of some of its regions."""

    @abstractmethod
    def read(self, reply: Reply, models: Models) -> Part:
        """What a lane said of them."""

    @abstractmethod
    def _answer(self, parts: list[Part]) -> Answer:
        """What all parts, in order, come to."""

    def begin(self) -> None:
        """Leaves the queue."""
        self.clock.add("queue", perf_counter() - self.since)

    def take(self, first: int, part: Part) -> None:
        """Takes what was seen of the regions from `first` on; the last part settles the order."""
        self._parts[first] = part
        if not self.future.done() and sum(len(each.rows) for each in self._parts.values()) == self.regions:
            self._book([each.spent for each in self._parts.values()])
            self.future.set_result(self._answer([each for _, each in sorted(self._parts.items())]))

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
    """Some regions of an order, for one lane."""

    order: Order[Any]
    first: int
    end: int


class Remainder:
    """The regions of a frame that no lane has yet."""

    def __init__(self, order: Order[Any]) -> None:
        self.order, self.camera, self.deadline = order, order.camera, order.deadline

    def __len__(self) -> int:
        """How many those are; none once nobody waits."""
        return 0 if self.order.future.done() else self.order.regions - self.order.taken

    def next(self, regions: int) -> Work:
        """Some of them."""
        first = self.order.taken
        self.order.taken = min(self.order.regions, first + regions)
        return Work(self.order, first, self.order.taken)
