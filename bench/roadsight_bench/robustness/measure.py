"""Live frames at a fixed rate, with and without checks beside them, in turn.

bundles --idle--> Checks, by task; Held
        --rounds--> {"1280x720 1r 1t 1/3": Measured (capacity, Pair(s))}
        ServiceFailed, LoadFailed
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from roadsight_bench import server, service
from roadsight_bench.errors import LoadFailed
from roadsight_bench.growth.loads import TASKS, Load
from roadsight_bench.machine import cores
from roadsight_bench.robustness import checks
from roadsight_bench.robustness.checker import Checker
from roadsight_bench.robustness.checks import Checks, Question
from roadsight_bench.robustness.held import Held, held
from roadsight_bench.subject import Subject, sending
from roadsight_bench.tally import Open
from roadsight_bench.wrk import Tool

ALL = ""  # every bundle there is
LOADS = (Load(1280, 720, regions=1, tasks=1), Load(1280, 720, regions=8, tasks=1))
THIRDS = (1, 2)  # of what the service can answer
CONNECTIONS_A_CORE = 8  # that is found out with
DEADLINE_MS = 5_000.0  # the service's own: with a shorter one it would refuse the very frames that p99 is about


@dataclass(frozen=True)
class Plan:
    """How often and how long."""

    pairs: int
    idle_checks: int  # of each task
    closed_s: int
    open_s: float


FULL = Plan(pairs=7, idle_checks=15, closed_s=8, open_s=15.0)
QUICK = Plan(pairs=1, idle_checks=1, closed_s=1, open_s=1.0)


@dataclass(frozen=True)
class Pair:
    """The same load twice, one right after the other."""

    without: Open
    beside: Open  # checks
    checks: Checks

    @property
    def ratio(self) -> float:
        """p99 of live frames beside checks, by that without."""
        assert self.without.answer_p99_ms and self.beside.answer_p99_ms, "what nobody answers gives no pair"
        return self.beside.answer_p99_ms / self.without.answer_p99_ms


@dataclass(frozen=True)
class Measured:
    """A load at a rate."""

    capacity_per_s: float  # answers in a closed loop, at the beginning
    pairs: list[Pair] = field(default_factory=list)


def measure(
    loads: Sequence[Load], root: Path, attack: str, plan: Plan, wrk: Tool
) -> tuple[dict[str, Checks], Held, dict[str, Measured]]:
    """Measures checks alone, and loads beside them.

    Args:
        loads: the live frames.
        root: the folder of the bundles; all of them serve, on the CPU.
        attack: what the checks try.
        plan: how often and how long.
        wrk: the load generator.

    Returns:
        By task; what all of it holds in memory; and by load and rate.

    Raises:
        ServiceFailed: the service did not start, or ended.
        LoadFailed: a load generator broke, or not one frame, or not one check on the idle machine, was answered.
    """
    launch = service.launch(root, ALL, "cpu", "auto", cores(), robustness=True)
    drawn, questions = {load: load.draw() for load in loads}, checks.draw(launch, attack)
    with server.running(launch, drawn[loads[0]][0].body) as served, ExitStack() as stack:
        idle = {task: _idle(task, questions, plan.idle_checks) for task in TASKS}
        memory = held(served.process.pid, questions[: len(TASKS)])
        subjects = {load.name: stack.enter_context(sending(served, sent, wrk)) for load, sent in drawn.items()}
        return idle, memory, _rounds(subjects, questions, plan)


def _idle(task: str, questions: Sequence[Question], count: int) -> Checks:
    """One check at a time, after one that nobody looks at."""
    first, *asked = [checks.ask(one) for one in [one for one in questions if one.task == task][: count + 1]]
    if not (found := checks.tally(asked)).answers:
        said = first.answer.body.decode(errors="replace")[:300] if first.answer else "nothing"
        raise LoadFailed(f"not one check of {task} was answered; the first was told {first.status or ''} {said}")
    return found


def _rounds(subjects: Mapping[str, Subject], questions: Sequence[Question], plan: Plan) -> dict[str, Measured]:
    found: dict[tuple[str, int], Measured] = {}
    for name, ours in subjects.items():
        ours.warm()
        capacity = ours.closed(CONNECTIONS_A_CORE * cores(), plan.closed_s).answers_per_s
        found |= {(name, thirds): Measured(capacity) for thirds in THIRDS}
    for number in range(plan.pairs):
        for (name, thirds), one in found.items():
            rate = one.capacity_per_s * thirds / 3
            one.pairs.append(_pair(subjects[name], rate, plan.open_s, questions, checks_first=number % 2 == 1))
    return {f"{name} {thirds}/3": one for (name, thirds), one in found.items()}


def _pair(ours: Subject, rate: float, seconds: float, questions: Sequence[Question], checks_first: bool) -> Pair:
    """Each half goes first in every other round, so that a machine that becomes slower favours neither."""
    live: dict[bool, Open] = {}
    checker = Checker(questions)
    for checked in (checks_first, not checks_first):
        live[checked] = ours.open(rate, seconds, DEADLINE_MS, checker if checked else None)
        if live[checked].answer_p99_ms is None:
            raise LoadFailed(f"at {rate:.1f} frames a second not one was answered")
    return Pair(live[False], live[True], checker.last(seconds))
