"""A lane, as the serving process has it: rounds go out, replies come in, on the event loop.

round --give--> Line ~~> lane ~~> Line --Report--> replied (each piece), rested (the round)
                                       --end of file--> lost
"""

import marshal
import os
import signal
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from mmap import mmap
from socket import socket
from time import monotonic
from typing import Protocol

from roadsight_service.processes import wire
from roadsight_service.processes.line import Line
from roadsight_service.processes.order import Work
from roadsight_service.processes.priority import give_way
from roadsight_service.processes.wire import Reply, Report

SLOTS = 64  # pieces that a lane may have
PATIENCE_S = 60.0  # that a lane may take beyond the last deadline of what it has


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

    def __init__(self, end: socket, process: int, number: int, gone: mmap, owner: Owner) -> None:
        self.process, self.number = process, number
        self.rounds: deque[Round] = deque()
        self.has_answered = False
        self._gone, self._owner = gone, owner
        self._free = list(range(number * SLOTS, (number + 1) * SLOTS))
        for slot in self._free:
            gone[slot] = 0
        self._line = Line(end, self._heard, self._ended)

    @property
    def room(self) -> int:
        """How many more pieces it may get."""
        return len(self._free)

    def give(self, works: Sequence[Work]) -> None:
        """Sends a round."""
        given, pieces, bodies = Round({}, max(work.order.deadline for work in works) + PATIENCE_S), [], []
        for work in works:
            slot = self._free.pop()
            given.works[slot] = work
            work.order.withdraw[self.number, slot] = partial(self._gone.__setitem__, slot, 1)
            piece, body = work.order.piece(slot, work.first, work.end)
            pieces.append(tuple(piece))
            bodies.append(body)
        self.rounds.append(given)
        self._line.send([wire.message(pieces), *bodies])

    def kill(self) -> None:
        """Ends a lane that hangs; the end of its socket tells the rest."""
        with suppress(ProcessLookupError):  # it ended by itself, as its socket tells soon
            os.kill(self.process, signal.SIGKILL)

    def give_way(self) -> None:
        """Lets the lane run where others leave a core idle, for good."""
        with suppress(ProcessLookupError):  # as above
            give_way(self.process)

    def close(self) -> None:
        """Hangs up: the lane ends."""
        self._line.close()

    def _ended(self) -> None:
        lost = [each for given in self.rounds for each in given.works.items()]
        for slot, work in lost:
            self._release(slot, work)
        self._owner.lost(self, [work for _, work in lost])

    def _heard(self, message: bytes) -> None:
        report, given = Report(*marshal.loads(message)), self.rounds[0]
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


def _weight(work: Work) -> int:
    return 1 + work.order.crops * (work.end - work.first) // work.order.regions
