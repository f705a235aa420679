"""A server that is measured, ours or a peer's: a process of its own, with whatever it starts.

Launch --process--> first answer --> Server, until the block ends
       ServiceFailed
"""

import http.client
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from roadsight_bench.errors import ServiceFailed
from roadsight_bench.forms import RAW, Form

READY_WITHIN_S = 90
ANSWER_WITHIN_S = 10  # one that opens its model for it, or still has much in hand, is asked again
STOPPED_WITHIN_S = 30  # it drains first


@dataclass(frozen=True)
class Launch:
    """How a server is started, and how it is asked."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str]  # beside what every process gets
    url: str  # where frames go
    form: Form = RAW


@dataclass(frozen=True)
class Answer:
    """What a server said to a frame."""

    headers: dict[str, str]  # names in small letters
    body: bytes


@dataclass(frozen=True)
class Server:
    """A server that runs."""

    launch: Launch
    process: "subprocess.Popen[bytes]"
    log: Path
    frame: bytes  # with which it was found to be ready
    first: Answer  # to that

    def check(self) -> None:
        """Raises ServiceFailed if it has ended."""
        _check(self.launch, self.process, self.log)

    def settle(self) -> None:
        """Waits until it answers: what it still had in hand when a load ended is no part of the next.

        Raises:
            ServiceFailed: it ended, or it did not answer.
        """
        _await_answer(self.launch, self.process, self.log, self.frame)


def free_url(path: str) -> str:
    """A URL on this machine at a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"http://127.0.0.1:{taken.getsockname()[1]}{path}"


@contextmanager
def running(launch: Launch, frame: bytes) -> Iterator[Server]:
    """Runs a server; ready when the block begins, and gone with all its processes when it ends.

    Args:
        launch: how it is started. Variables of ours (`ROADSIGHT_...`) reach it only from there.
        frame: a JPEG file; that it is answered with 200 is what ready means.

    Raises:
        ServiceFailed: it ended, or had not answered within a minute and a half.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ROADSIGHT_")}
    environment = inherited | launch.environment
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("wb") as stream:
            process = subprocess.Popen(
                launch.command, env=environment, stdout=stream, stderr=stream, start_new_session=True
            )
        try:
            yield Server(launch, process, log, frame, _await_answer(launch, process, log, frame))
        finally:
            _stop(process)


def _await_answer(launch: Launch, process: "subprocess.Popen[bytes]", log: Path, frame: bytes) -> Answer:
    until = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < until:
        _check(launch, process, log)
        if answer := _ask(launch, frame):
            return answer
        time.sleep(0.05)
    raise ServiceFailed(f"{launch.name} had not answered within {READY_WITHIN_S} s; {_tail(log)}")


def _ask(launch: Launch, frame: bytes) -> Answer | None:
    """One frame; None where the answer is not 200, or none."""
    url = urlsplit(launch.url)
    connection = http.client.HTTPConnection(url.netloc, timeout=ANSWER_WITHIN_S)
    try:
        connection.request("POST", url.path, launch.form.wrap(frame), launch.form.headers)
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(headers, body) if response.status == 200 else None


def _check(launch: Launch, process: "subprocess.Popen[bytes]", log: Path) -> None:
    if (status := process.poll()) is not None:
        raise ServiceFailed(f"{launch.name} ended with status {status}; {_tail(log)}")


def _tail(log: Path) -> str:
    return "its log ends:\n" + "\n".join(log.read_text(errors="replace").splitlines()[-10:])


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOPPED_WITHIN_S)
    with suppress(ProcessLookupError):  # the whole session: what it started and left behind, too
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
