"""A server that is measured, ours or a peer's: a process of its own, with whatever it starts.

Launch --process--> first answer --> Server, until the block ends
       ServiceFailed
"""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from roadsight_bench.errors import ServiceFailed
from roadsight_bench.launch import Answer, Launch, ask

SETTLED_WITHIN_S = 90
STOPPED_WITHIN_S = 30  # it drains first


@dataclass(frozen=True)
class Server:
    """A server that runs."""

    launch: Launch
    process: "subprocess.Popen[bytes]"
    log: Path
    frame: bytes  # with which it was found to be ready
    first: Answer  # to that
    ready_s: float  # from the start of the process until that answer

    def check(self) -> None:
        """Raises ServiceFailed if it has ended."""
        _check(self.launch, self.process, self.log)

    def settle(self) -> None:
        """Waits until it answers: what it still had in hand when a load ended is no part of the next.

        Raises:
            ServiceFailed: it ended, or it did not answer.
        """
        _await_answer(self.launch, self.process, self.log, self.frame, SETTLED_WITHIN_S)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Lets none of its processes run in the block: one may be busy while nobody asks it."""
        _signal(self.process, signal.SIGSTOP)
        try:
            yield
        finally:
            _signal(self.process, signal.SIGCONT)


@contextmanager
def running(launch: Launch, frame: bytes) -> Iterator[Server]:
    """Runs a server; ready when the block begins, and gone with all its processes when it ends.

    Args:
        launch: how it is started. Variables of ours (`ROADSIGHT_...`) reach it only from there.
        frame: a JPEG file; that it is answered with 200 is what ready means.

    Raises:
        ServiceFailed: it ended, or had not answered within the time that the launch gives it.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ROADSIGHT_")}
    environment = inherited | launch.environment
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("wb") as stream:
            start = time.perf_counter()
            process = subprocess.Popen(
                launch.command, env=environment, stdout=stream, stderr=stream, start_new_session=True
            )
        try:
            first = _await_answer(launch, process, log, frame, launch.ready_within_s)
            yield Server(launch, process, log, frame, first, time.perf_counter() - start)
        finally:
            _stop(process)


def _await_answer(
    launch: Launch, process: "subprocess.Popen[bytes]", log: Path, frame: bytes, within_s: float
) -> Answer:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        _check(launch, process, log)
        if answer := ask(launch, frame):
            return answer
        time.sleep(0.01)
    raise ServiceFailed(f"{launch.name} had not answered within {within_s:.0f} s; {_tail(log)}")


def _check(launch: Launch, process: "subprocess.Popen[bytes]", log: Path) -> None:
    if (status := process.poll()) is not None:
        raise ServiceFailed(f"{launch.name} ended with status {status}; {_tail(log)}")


def _tail(log: Path) -> str:
    return "its log ends:\n" + "\n".join(log.read_text(errors="replace").splitlines()[-10:])


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(STOPPED_WITHIN_S)
    _signal(process, signal.SIGKILL)
    process.wait()


def _signal(process: "subprocess.Popen[bytes]", which: signal.Signals) -> None:
    """Signals a server and all that it started, also what it left behind or put into a group of its own."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, which)
    for path in Path("/proc").glob("[0-9]*"):  # its session; where there is no /proc, its group must do
        with suppress(ProcessLookupError):
            if os.getsid(int(path.name)) == process.pid:
                os.kill(int(path.name), which)
