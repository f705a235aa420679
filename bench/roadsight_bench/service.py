"""The service, as operations run it: a process of its own.

bundle folder --roadsight serve--> Service (url), until the block ends
               ServiceFailed
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from roadsight_bench.errors import ServiceFailed
from roadsight_client import Client, Unreachable

READY_WITHIN_S = {"cpu": 60, "cuda": 300, "tensorrt": 3600}  # TensorRT may build engines, minutes each
STOPPED_WITHIN_S = 30  # it drains first
_LISTENS = re.compile(r"http://127\.0\.0\.1:\d+")


@dataclass(frozen=True)
class Service:
    """A service that runs."""

    url: str
    process: "subprocess.Popen[bytes]"
    log: Path
    ready_s: float  # from the start of the process until /readyz said 200

    def check(self) -> None:
        """Raises ServiceFailed if it has ended."""
        _check(self.process, self.log)


@contextmanager
def running(bundles: Path, model: str, provider: str, precision: str, lanes: int) -> Iterator[Service]:
    """Runs the service on one provider, and otherwise as it comes; ready when the block begins.

    Args:
        bundles: the folder of all bundles.
        model: the one that serves; several are separated by commas, none means all.
        provider: as ROADSIGHT_PROVIDER.
        precision: as ROADSIGHT_PRECISION.
        lanes: as ROADSIGHT_LANES.

    Raises:
        ServiceFailed: it ended, or was not ready in time.
    """
    settings = {"BUNDLES": str(bundles), "MODELS": model, "PROVIDER": provider, "PRECISION": precision}
    settings["LANES"] = str(lanes)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ROADSIGHT_")}
    environment |= {f"ROADSIGHT_{name}": value for name, value in settings.items()}
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "service.log"
        with log.open("wb") as stream:
            command = [sys.executable, "-m", "roadsight_models", "serve", "--port", "0"]
            start = time.perf_counter()
            process = subprocess.Popen(command, env=environment, stdout=stream, stderr=stream)
        try:
            url = _await_ready(process, log, READY_WITHIN_S[provider])
            yield Service(url, process, log, time.perf_counter() - start)
        finally:
            _stop(process)


def _await_ready(process: "subprocess.Popen[bytes]", log: Path, within_s: float) -> str:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        _check(process, log)
        if (listens := _LISTENS.search(log.read_text())) and _is_ready(listens[0]):
            return listens[0]
        time.sleep(0.01)
    raise ServiceFailed(f"the service was not ready within {within_s} s; {_tail(log)}")


def _is_ready(url: str) -> bool:
    try:
        with Client(url, timeout_s=1, trust_env=False) as client:
            return client.ready()
    except Unreachable:
        return False


def _check(process: "subprocess.Popen[bytes]", log: Path) -> None:
    if (status := process.poll()) is not None:
        raise ServiceFailed(f"the service ended with status {status}; {_tail(log)}")


def _tail(log: Path) -> str:
    return "its log ends:\n" + "\n".join(log.read_text().splitlines()[-10:])


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(STOPPED_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
