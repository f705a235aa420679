"""A lane, as the serving process has it: rounds go out, replies come in, on the event loop.

round --give--> socket ~~> lane ~~> socket --Report--> replied (each piece), rested (the round)
                                           end of file --> lost
"""

import asyncio
import marshal
import os
import signal
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from mmap import mmap
from socket import socket
from time import monotonic
from typing import NamedTuple, Protocol

from roadsight_models.errors import LaneLost
from roadsight_service.processes import wire
from roadsight_service.processes.order import Order
from roadsight_service.processes.wire import HEAD, Piece, Reply, Report

SLOTS = 64  # pieces that a lane may have
PATIENCE_S = 60.0  # that a lane may take beyond the last deadline of what it has


class Work(NamedTuple):
    """Some regions of a frame, for one lane."""

    order: Order
    first: int
    end: int


@dataclass(eq=False)
class Round:
    """What a lane was given at one time."""

    works: dict[int, Work]  # by slot; those that are not answered yet
    until: float  # when it hangs, for certain
    weight: int = 0  # of what was judged


class Owner(Protocol):
    """Who is told what becomes of it."""

    def replied(self, work: Work, reply: Reply) -> None:
        """A piece came back."""

    def rested(self, port: "Port", weight: int, report: Report) -> None:
        """A round is done."""

    def lost(self, port: "Port", works: Sequence[Work]) -> None:
        """The lane is gone, and with it the work that it had."""


class Port:
    """The near end of a lane's socket, and what the lane has in hand."""

    def __init__(self, line: socket, process: int, number: int, gone: mmap, owner: Owner) -> None:
        self.process, self.number = process, number
        self.rounds: deque[Round] = deque()
        self.has_answered = False
        self._line, self._gone, self._owner = line, gone, owner
        self._free = list(range(number * SLOTS, (number + 1) * SLOTS))
        self._outgoing: deque[memoryview] = deque()
        self._incoming = bytearray()
        self._loop = asyncio.get_running_loop()
        for slot in self._free:
            gone[slot] = 0
        line.setblocking(False)
        self._loop.add_reader(line, self._read)

    @property
    def room(self) -> int:
        """How many more pieces it may get."""
        return len(self._free)

    def give(self, works: Sequence[Work]) -> None:
        """Sends a round."""
        given, pieces = Round({}, max(work.order.deadline for work in works) + PATIENCE_S), []
        for work in works:
            slot = self._free.pop()
            given.works[slot] = work
            work.order.withdraw[self.number, slot] = partial(self._gone.__setitem__, slot, 1)
            if work.order.future.done():
                self._gone[slot] = 1
            pieces.append(tuple(_piece(slot, work)))
        self.rounds.append(given)
        is_quiet = not self._outgoing
        self._outgoing.append(memoryview(wire.message(pieces)))
        self._outgoing.extend(memoryview(work.order.body) for work in works)
        if is_quiet:
            self._write()

    def kill(self) -> None:
        """Ends a lane that hangs; the end of its socket tells the rest."""
        os.kill(self.process, signal.SIGKILL)

    def close(self) -> None:
        """Hangs up: the lane ends."""
        self._loop.remove_reader(self._line)
        self._loop.remove_writer(self._line)
        self._line.close()

    def _write(self) -> None:
        try:
            sent = self._line.sendmsg(list(self._outgoing))
        except BlockingIOError:
            sent = 0
        except OSError:  # it is gone, as the reader will see
            self._outgoing.clear()
            sent = 0
        while self._outgoing and sent >= len(self._outgoing[0]):
            sent -= len(self._outgoing.popleft())
        if self._outgoing:
            self._outgoing[0] = self._outgoing[0][sent:]
            self._loop.add_writer(self._line, self._write)
        else:
            self._loop.remove_writer(self._line)

    def _read(self) -> None:
        try:
            said = self._line.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            said = b""
        if not said:
            self.close()
            self._owner.lost(self, [work for given in self.rounds for work in given.works.values()])
            return
        self._incoming += said
        while len(self._incoming) >= HEAD.size:
            end = HEAD.size + HEAD.unpack_from(self._incoming)[0]
            if len(self._incoming) < end:
                return
            report = Report(*marshal.loads(memoryview(self._incoming)[HEAD.size : end].tobytes()))
            del self._incoming[:end]
            self._take(report)

    def _take(self, report: Report) -> None:
        given = self.rounds[0]
        for each in report.replies:
            reply = Reply(*each)
            work = given.works.pop(reply.slot)
            self._release(reply.slot, work)
            given.weight += _weight(work) if reply.wrong is None else 0
            self._owner.replied(work, reply)
        if report.spent_s is not None:
            self.has_answered = True
            self.rounds.popleft()
            for slot, work in given.works.items():  # nobody waited for these
                self._release(slot, work)
            self._owner.rested(self, given.weight, report)

    def _release(self, slot: int, work: Work) -> None:
        work.order.withdraw.pop((self.number, slot), None)
        self._gone[slot] = 0
        self._free.append(slot)

    @property
    def hangs(self) -> bool:
        """Whether what it has should have been done long ago."""
        return bool(self.rounds) and monotonic() > self.rounds[0].until


def _piece(slot: int, work: Work) -> Piece:
    order = work.order
    boxes = tuple([(box.x1, box.y1, box.x2, box.y2) for box in (region.box for region in order.ask.regions)])
    asked = order.tasks, order.ask.top, order.ask.suspicion
    return Piece(slot, len(order.body), order.deadline, boxes, work.first, work.end, *asked)


def _weight(work: Work) -> int:
    return 1 + work.order.crops * (work.end - work.first) // work.order.regions
