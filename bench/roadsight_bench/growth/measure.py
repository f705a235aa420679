"""The loads, measured: on as many cores, in turn, the loop without HTTP, its decode, its inference, and the service.

bundles --rounds--> {(load, connections): [Sample, ...]}
        ServiceFailed, LoadFailed
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from roadsight_bench import limit, server, service
from roadsight_bench.closed_loop import Closed
from roadsight_bench.errors import LoadFailed
from roadsight_bench.growth.loads import TASKS, Load
from roadsight_bench.machine import cores
from roadsight_bench.requests import Request
from roadsight_bench.subject import WARM_S, Subject, sending
from roadsight_bench.wrk import Tool
from roadsight_models.preprocess import cut
from roadsight_models.session import Session


@dataclass(frozen=True)
class Plan:
    """How often and how long."""

    rounds: int
    loop_s: float
    part_s: float
    closed_s: int
    batch_s: float


FULL = Plan(rounds=5, loop_s=3.0, part_s=1.0, closed_s=4, batch_s=0.3)
QUICK = Plan(rounds=1, loop_s=0.1, part_s=0.1, closed_s=1, batch_s=0.0)


@dataclass(frozen=True)
class Sample:
    """A load on some connections, once."""

    cores: int  # that can be busy: as many as connections, at most as many as the service has lanes
    loop_per_s: float  # answers without HTTP, a frame at a time on each of the cores
    decode_ms: float  # of a core, for a frame
    inference_ms: float  # of a core, for the crops of a frame: nothing but `Session.run`
    service: Closed


Measured = dict[tuple[Load, int], list[Sample]]


def measure(loads: Sequence[Load], sessions: Mapping[str, Session], root: Path, plan: Plan, wrk: Tool) -> Measured:
    """Measures loads.

    Args:
        loads: what is sent.
        sessions: by task; the bundles that the service has, too.
        root: the folder of the bundles.
        plan: how often and how long.
        wrk: the load generator.

    Raises:
        ServiceFailed: the service did not start, or ended.
        LoadFailed: wrk broke, or a load had not one answer.
    """
    lanes, drawn = cores(), {load: load.draw() for load in loads}
    names = ",".join(session.manifest.name for session in sessions.values())
    launch, frame = service.launch(root, names, "cpu", "auto", lanes), drawn[loads[0]][0].body
    found: Measured = {}
    with server.running(launch, frame) as served, ExitStack() as stack:
        subjects = {load: stack.enter_context(sending(served, requests, wrk)) for load, requests in drawn.items()}
        for number in range(-1, plan.rounds):
            for load, requests in drawn.items():
                asked = [sessions[task] for task in TASKS[: load.tasks]]
                for connections in load.connections:
                    answers = _serve(subjects[load], connections, WARM_S if number < 0 else plan.closed_s)
                    if number >= 0:
                        sample = _beside(asked, requests, min(connections, lanes), plan, answers)
                        found.setdefault((load, connections), []).append(sample)
    return found


def _serve(asked: Subject, connections: int, seconds: int) -> Closed:
    answers = asked.closed(connections, seconds)
    if not answers.answers:
        raise LoadFailed(f"on {connections} connections the service answered nothing with 200")
    return answers


def _beside(
    sessions: Sequence[Session], requests: Sequence[Request], threads: int, plan: Plan, answers: Closed
) -> Sample:
    """The same work in loops, right after the service did it."""
    decodes = [partial(limit.look, sessions, request) for request in requests]
    inferences = [_inference(sessions, request) for request in requests]
    return Sample(
        cores=threads,
        loop_per_s=limit.answers_per_second(sessions, requests, threads, plan.loop_s),
        decode_ms=1e3 * threads / limit.per_second(decodes, threads, plan.part_s),
        inference_ms=1e3 * threads / limit.per_second(inferences, threads, plan.part_s),
        service=answers,
    )


def _inference(sessions: Sequence[Session], request: Request) -> limit.Work:
    frame, regions = limit.look(sessions, request)
    crops = [(session, cut(frame, regions, session.manifest.input).pixels) for session in sessions]
    return lambda: [limit.infer(session, pixels) for session, pixels in crops]
