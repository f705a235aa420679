"""Closed loop: c connections, each sends its next frame when it has its answer.

requests, URL --wrk, closed_loop.lua--> Closed
              LoadFailed
"""

import json
import resource
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from roadsight_bench.errors import LoadFailed
from roadsight_bench.forms import RAW
from roadsight_bench.wrk import Tool

SCRIPT = Path(__file__).with_suffix(".lua")
ANSWER_WITHIN_S = 10
PATIENCE_S = 60  # beyond the time that wrk was given: a virtual machine may stand still for a while


@dataclass(frozen=True)
class Closed:
    """What wrk saw of one run."""

    answers_per_s: float  # status 200 only
    p50_ms: float  # of every response
    p99_ms: float
    failed: int  # another status, or none: refused, broken off, not in time
    generator_cores: float  # CPU seconds that wrk took, per second
    answers: int


def run(
    wrk: Tool,
    url: str,
    requests: Sequence[str],
    connections: int,
    seconds: int,
    headers: Mapping[str, str] = RAW.headers,
) -> Closed:
    """Loads `url` for whole seconds, wrk's unit.

    Args:
        wrk: the load generator.
        url: where to; without a query.
        requests: as `requests.written` names them; sent in turn.
        connections: how many wait for an answer each.
        seconds: how long.
        headers: what the requests are sent with.

    Raises:
        LoadFailed: wrk could not connect, or gave no figures in time.
    """
    command = [wrk.path, "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--timeout", f"{ANSWER_WITHIN_S}s"]
    command += [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    command += ["-s", str(SCRIPT), url, "--", *requests]
    before, start = _children_cpu_s(), time.perf_counter()
    try:
        done = subprocess.run(
            command, env=wrk.environment, capture_output=True, text=True, check=False, timeout=seconds + PATIENCE_S
        )
    except subprocess.TimeoutExpired as error:
        raise LoadFailed(f"wrk was to take {seconds} s, and had not ended {PATIENCE_S} s later") from error
    cores = (_children_cpu_s() - before) / (time.perf_counter() - start)
    lines = done.stdout.strip().splitlines()
    if done.returncode != 0 or not lines:
        raise LoadFailed(f"wrk ended with status {done.returncode}: {(done.stderr or done.stdout).strip()}")
    return _read(lines[-1], cores)


def _read(line: str, cores: float) -> Closed:
    try:
        said = json.loads(line)
    except ValueError as error:
        raise LoadFailed(f"wrk gave no figures, but: {line[:200]}") from error
    answers = said["responses"] - said["refused"]
    return Closed(
        answers_per_s=answers / said["microseconds"] * 1e6,
        p50_ms=said["p50_us"] / 1e3,
        p99_ms=said["p99_us"] / 1e3,
        failed=said["refused"] + said["broken"],
        generator_cores=cores,
        answers=answers,
    )


def _children_cpu_s() -> float:
    """CPU seconds of the child processes that have ended; the service is one of them only when all is over."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
