"""A long load, with a look at memory and latency every tenth of the way; and how long a start takes.

bundles --starts--> Start(s)
bundles, requests --endure--> Mark(s), the first before any request
        ServiceFailed, LoadFailed
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from roadsight_bench import closed_loop, service
from roadsight_bench.closed_loop import Closed
from roadsight_bench.endurance import mixture
from roadsight_bench.endurance.memory import Memory, look
from roadsight_bench.errors import LoadFailed
from roadsight_bench.machine import cores
from roadsight_bench.requests import written
from roadsight_bench.wrk import Tool

ALL = ""  # every bundle there is
CONNECTIONS = 16
TENTHS = 10
LEAST_STEPS = 3  # a first, a second, and a last to compare with it
MOST_STEPS = 3 * TENTHS  # a machine that has become three times as slow ends it
PACE_S = 3


@dataclass(frozen=True)
class Start:
    """One start of the service."""

    ready_s: float  # from the start of the process until /readyz says 200
    memory: Memory  # when ready


@dataclass(frozen=True)
class Mark:
    """Where the service stands after so many answers."""

    answers: int  # since the first mark
    memory: Memory
    step: Closed | None  # the load since the mark before; none before the first


def starts(root: Path, count: int) -> list[Start]:
    """Starts the service so many times, and once before that, which fills the file cache."""
    return [_start(root) for _ in range(count + 1)][1:]


def _start(root: Path) -> Start:
    with service.running(root, ALL, "cpu", "auto", cores()) as served:
        return Start(served.ready_s, look(served.process.pid))


def endure(root: Path, answers: int, wrk: Tool) -> Iterator[Mark]:
    """Loads the service until it has given so many answers.

    wrk takes seconds, not a count: a first load of some seconds, before the first mark, tells how many a tenth takes.

    Raises:
        ServiceFailed: the service did not start, or ended.
        LoadFailed: wrk broke, or the service became so slow that there is no end to it.
    """
    with service.running(root, ALL, "cpu", "auto", cores()) as served, written(mixture.draw()) as paths:

        def load(seconds: int) -> Closed:
            try:
                return closed_loop.run(wrk, f"{served.url}/v1/classify", paths, CONNECTIONS, seconds)
            finally:
                served.check()  # that it has ended is the better reason

        step_s = max(1, round(answers / TENTHS / max(load(PACE_S).answers_per_s, 1)))
        yield Mark(0, look(served.process.pid), None)
        given = 0
        for number in range(1, MOST_STEPS + 1):
            step = load(step_s)
            given += step.answers
            yield Mark(given, look(served.process.pid), step)
            if given >= answers and number >= LEAST_STEPS:
                return
    raise LoadFailed(f"{given} answers after {MOST_STEPS} steps of {step_s} s; {answers} were to be had")
