"""One case against one row of a peer, in turn, so that what else the machine does falls on both.

    ours, theirs --closed--> limit, ours, theirs at c=4, 16, 64 --> Turn(s)
                 --overloaded--> ours, theirs, each with three times its own capacity --> Duel(s)
    ServiceFailed, LoadFailed, AnswersDiffer

Who is not measured stands still, for some are busy while nobody asks them. The peer is started anew before the
overload, told the deadline: what it has for shedding load is on from then. Limit, ours and a peer that is given our
graph have it in the precision that our service picks; a tutorial has what tutorials export.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from roadsight_bench import limit, service
from roadsight_bench.cases import Case
from roadsight_bench.closed_loop import Closed
from roadsight_bench.machine import cores
from roadsight_bench.measure import CONNECTIONS, OVERLOAD, Plan
from roadsight_bench.peers import agreement
from roadsight_bench.peers.catalogue import REFUSED, Peer, Row, launch
from roadsight_bench.requests import Request
from roadsight_bench.subject import DEADLINE_MS, Subject, subject
from roadsight_bench.tally import Open
from roadsight_bench.wrk import Tool
from roadsight_models.manifest import PrecisionName
from roadsight_models.session import Session

TUTORIALS_IN: PrecisionName = "float32"
FULL = Plan(rounds=3, limit_s=2.0, closed_s=3, open_s=3.0)


@dataclass(frozen=True)
class Ground:
    """What a case is measured on."""

    case: Case
    session: Session  # with the graph that our service picks
    requests: Sequence[Request]
    wrk: Tool


@dataclass(frozen=True)
class Turn:
    """Limit, ours and theirs, right after one another."""

    limit_per_s: float
    ours: Closed
    theirs: Closed

    @property
    def ratio(self) -> float | None:
        """Answers of ours per answer of theirs; None where they have none."""
        theirs = self.theirs.answers_per_s
        return self.ours.answers_per_s / theirs if theirs else None


@dataclass(frozen=True)
class Duel:
    """Both under overload, each with three times what it could answer itself."""

    ours: Open
    theirs: Open

    @property
    def ratio(self) -> float | None:
        """Answers in time of ours per answer in time of theirs; None where they have none."""
        theirs = self.theirs.in_time_per_s
        return self.ours.in_time_per_s / theirs if theirs else None


@dataclass(frozen=True)
class Contest:
    """All rounds."""

    ours_in: PrecisionName
    theirs_in: PrecisionName
    turns: list[dict[int, Turn]]  # by connections
    duels: list[Duel]


def measure(ground: Ground, peer: Peer, row: Row, python: Path, plan: Plan) -> Contest:
    """Measures a row.

    Args:
        ground: the case.
        peer: against whom.
        row: with our decoder and graph, or as its tutorial shows.
        python: of the peer's environment.
        plan: how often and how long.

    Raises:
        ServiceFailed: one of both did not start, or ended.
        LoadFailed: a load generator broke, or nothing was answered.
        AnswersDiffer: the peer does other work.
    """
    folder, ours_in = ground.session.bundle.folder, ground.session.precision
    theirs_in = ours_in if row == "server" else TUTORIALS_IN
    ours_as = service.launch(folder.parents[1], ground.case.bundle, "cpu", ours_in, cores())
    theirs_as = partial(launch, peer, row, python, folder, theirs_in)
    with subject(ours_as, ground.requests, ground.wrk) as ours:
        ours.warm()
        with subject(theirs_as(None), ground.requests, ground.wrk, REFUSED) as theirs:
            agreement.check(ground.session, ground.requests[0].body, theirs.server.first, same_work=row == "server")
            theirs.warm()
            turns = [_turns(ground, ours, theirs, plan) for _ in range(plan.rounds)]
        with subject(theirs_as(DEADLINE_MS), ground.requests, ground.wrk, REFUSED) as theirs:
            theirs.warm()
            return Contest(ours_in, theirs_in, turns, _duels(turns, ours, theirs, plan))


def _turns(ground: Ground, ours: Subject, theirs: Subject, plan: Plan) -> dict[int, Turn]:
    return {connections: _turn(ground, ours, theirs, connections, plan) for connections in CONNECTIONS}


def _turn(ground: Ground, ours: Subject, theirs: Subject, connections: int, plan: Plan) -> Turn:
    with theirs.server.paused():
        possible = limit.answers_per_second([ground.session], ground.requests, cores(), plan.limit_s)
        our_closed = ours.closed(connections, plan.closed_s)
    with ours.server.paused():
        return Turn(possible, our_closed, theirs.closed(connections, plan.closed_s))


def _duels(turns: Sequence[dict[int, Turn]], ours: Subject, theirs: Subject, plan: Plan) -> list[Duel]:
    our_rate = OVERLOAD * median(max(turn.ours.answers_per_s for turn in each.values()) for each in turns)
    their_rate = OVERLOAD * median(max(turn.theirs.answers_per_s for turn in each.values()) for each in turns)
    return [_duel(ours, our_rate, theirs, their_rate, plan) for _ in range(plan.rounds)]


def _duel(ours: Subject, our_rate: float, theirs: Subject, their_rate: float, plan: Plan) -> Duel:
    with theirs.server.paused():
        our_open = ours.open(our_rate, plan.open_s)
    with ours.server.paused():
        return Duel(our_open, theirs.open(their_rate, plan.open_s))
