"""A long load, with a look at memory and latency every tenth of the way; and how long a start takes.

bundles, frame --starts--> Start(s)
bundles, requests --endure--> Mark(s)
        ServiceFailed, LoadFailed
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from roadsight_bench import server, service
from roadsight_bench.closed_loop import Closed
from roadsight_bench.endurance.memory import Memory, look
from roadsight_bench.errors import LoadFailed
from roadsight_bench.launch import Launch
from roadsight_bench.machine import cores
from roadsight_bench.requests import Request
from roadsight_bench.subject import subject
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

    ready_s: float  # from the start of the process until it has answered a frame
    memory: Memory  # then


@dataclass(frozen=True)
class Mark:
    """Where the service stands after so many answers."""

    answers: int  # since the first mark
    memory: Memory
    step: Closed | None  # the load since the mark before; none before the first


def starts(root: Path, frame: bytes, count: int) -> list[Start]:
    """Starts the service so many times, and once before that, which fills the file cache."""
    return [_start(root, frame) for _ in range(count + 1)][1:]


def _start(root: Path, frame: bytes) -> Start:
    with server.running(_launch(root), frame) as served:
        return Start(served.ready_s, look(served.process.pid))


def endure(root: Path, requests: Sequence[Request], answers: int, wrk: Tool) -> Iterator[Mark]:
    """Loads the service until it has given so many answers.

    wrk takes seconds, not a count: a first load of some seconds, before the first mark, tells how many a tenth takes.

    Raises:
        ServiceFailed: the service did not start, or ended.
        LoadFailed: wrk broke, or the service became so slow that there is no end to it.
    """
    with subject(_launch(root), requests, wrk) as ours:
        process_id = ours.server.process.pid
        step_s = max(1, round(answers / TENTHS / max(ours.closed(CONNECTIONS, PACE_S).answers_per_s, 1)))
        yield Mark(0, look(process_id), None)
        given = 0
        for number in range(1, MOST_STEPS + 1):
            step = ours.closed(CONNECTIONS, step_s)
            given += step.answers
            yield Mark(given, look(process_id), step)
            if given >= answers and number >= LEAST_STEPS:
                return
    raise LoadFailed(f"{given} answers after {MOST_STEPS} steps of {step_s} s; {answers} were to be had")


def _launch(root: Path) -> Launch:
    return service.launch(root, ALL, "cpu", "auto", cores())
