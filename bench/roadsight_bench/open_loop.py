"""Open loop: frames are due at a fixed rate, as cameras send them, whether or not answers come.

Load --child process--> generator --Frame(s)--> tally --> Open
LoadFailed

Every frame is timed from when it was due, not from when it was sent: a generator that falls behind must not flatter the
service. How far it fell behind is told, too.
"""

import asyncio
import gc
import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import uvloop

from roadsight_bench.errors import LoadFailed
from roadsight_bench.forms import RAW
from roadsight_bench.generator import Generator
from roadsight_bench.tally import REFUSED, Open, tally

GRACE_S = 2.0  # for answers that are still on their way after the last frame and its deadline
PATIENCE_S = 30  # beyond all of that, for the child process itself


@dataclass(frozen=True)
class Load:
    """What is to be sent."""

    url: str
    requests: tuple[str, ...]  # as `requests.written` names them; sent in turn
    rate: float  # frames per second
    seconds: float
    deadline_ms: float  # what each frame says in X-Deadline-Ms
    headers: dict[str, str] = field(default_factory=lambda: RAW.headers)  # beside it
    refused: tuple[int, ...] = REFUSED  # what the server says when it will not answer


def run(load: Load) -> Open:
    """Sends the load from a process of its own.

    Raises:
        LoadFailed: the process hung or broke. That nobody answers is no such failure: the frames have failed.
    """
    command = [sys.executable, "-m", "roadsight_bench.open_loop", json.dumps(asdict(load))]
    timeout = load.seconds + load.deadline_ms / 1e3 + GRACE_S + PATIENCE_S
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=timeout)
    except subprocess.TimeoutExpired as error:
        raise LoadFailed(f"the open loop had not ended after {timeout:.0f} s") from error
    if done.returncode != 0 or done.stderr:  # an event loop goes on after an error, but tells it
        raise LoadFailed(f"the open loop ended with status {done.returncode}: {done.stderr.strip()[-500:]}")
    return Open(**json.loads(done.stdout))


async def _generate(load: Load) -> Open:
    url = urlsplit(load.url)
    assert url.hostname is not None and url.port is not None, "the service listens at a host and a port"
    requests = [_request(load, request) for request in load.requests]
    cpu, start = time.process_time(), time.perf_counter()
    generator = Generator(url.hostname, url.port, requests)
    frames = await generator.send_all(load.rate, load.seconds)
    cores = (time.process_time() - cpu) / (time.perf_counter() - start)
    until = time.perf_counter() + load.deadline_ms / 1e3 + GRACE_S
    while generator.waits and time.perf_counter() < until:
        await asyncio.sleep(0.02)
    return tally(frames, load.rate, load.deadline_ms, cores, load.refused)


def _request(load: Load, named: str) -> bytes:
    url, (path, mark, query) = urlsplit(load.url), named.partition("?")
    body = Path(path).read_bytes()
    headers = {"Host": url.netloc, "X-Deadline-Ms": load.deadline_ms, **load.headers, "Content-Length": len(body)}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST {url.path}{mark}{query} HTTP/1.1\r\n{head}\r\n".encode() + body


if __name__ == "__main__":
    gc.disable()  # a collection would delay what is due; the process is short
    print(json.dumps(asdict(uvloop.run(_generate(Load(**json.loads(sys.argv[1])))))))
