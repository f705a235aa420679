"""Frames on a schedule with everything else beside them, step after step, with a look at the service after each.

bundles --soak--> Step(s)
        ServiceFailed, LoadFailed
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from roadsight_bench.changes import Changer, launch, two_versions
from roadsight_bench.endurance import memory, mixture
from roadsight_bench.endurance.memory import Memory
from roadsight_bench.errors import LoadFailed
from roadsight_bench.machine import cores
from roadsight_bench.robustness import checks
from roadsight_bench.robustness.checker import Checker
from roadsight_bench.robustness.checks import Checks, Question
from roadsight_bench.soak.trouble import Bad, Troublemaker, Wrong, kinds
from roadsight_bench.subject import Subject, subject
from roadsight_bench.tally import Open
from roadsight_bench.wrk import Tool
from roadsight_models.robustness.names import DEFAULT

SHARE = 0.8  # of what the service can answer
CONNECTIONS_A_CORE = 8  # that is found out with
CLOSED_S = 8
DEADLINE_MS = 5_000.0  # the service's own
CHANGES_PAUSE_S = 5.0
CALM_S = 2.0  # for the processes of a version that was replaced to end


@dataclass(frozen=True)
class Step:
    """What happened in a part of the way, and where the service stood after it."""

    frames: Open
    changes: int
    checks: Checks
    bad: int
    wrong: list[Wrong]  # bad requests that were told something else than is due to them
    memory: Memory
    open_files: int


@dataclass(frozen=True)
class Company:
    """What goes on beside the frames."""

    versions: Iterator[str]
    questions: Sequence[Question]
    bad: Sequence[Bad]


def soak(bundles: Path, steps: int, step_s: float, wrk: Tool) -> Iterator[Step]:
    """Loads the service for `steps` times `step_s` seconds, after a load that tells what it can answer.

    Raises:
        ServiceFailed: the service did not start, or ended.
        LoadFailed: a load generator broke, or a model was not changed.
    """
    with two_versions(bundles) as (root, versions):
        requests, service = mixture.draw(), launch(root, versions[-1], robustness=True)
        company = Company(cycle(versions), checks.draw(service, DEFAULT), kinds(requests[0].body))
        with subject(service, requests, wrk) as ours:
            ours.warm()
            rate = SHARE * ours.closed(CONNECTIONS_A_CORE * cores(), CLOSED_S).answers_per_s
            for _ in range(steps):
                yield _step(ours, rate, step_s, company)


def _step(ours: Subject, rate: float, step_s: float, company: Company) -> Step:
    changer = Changer(ours.server.launch, company.versions, CHANGES_PAUSE_S)
    checker, troublemaker = Checker(company.questions), Troublemaker(ours.server.launch, company.bad)
    frames = ours.open(rate, step_s, DEADLINE_MS, _together(changer, checker, troublemaker))
    if frames.answer_p99_ms is None:
        raise LoadFailed(f"at {rate:.1f} frames a second not one was answered")
    time.sleep(CALM_S)
    process_id = ours.server.process.pid
    held = memory.look(process_id), memory.open_files(process_id)
    return Step(frames, changer.changes, checks.tally(checker.asked), troublemaker.sent, troublemaker.wrong, *held)


@contextmanager
def _together(*company: AbstractContextManager[object]) -> Iterator[None]:
    with ExitStack() as stack:
        for one in company:
            stack.enter_context(one)
        yield
