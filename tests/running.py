"""The real application on a real socket, in a thread of the test process, and what tests say to it."""

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn

import colours
from pictures import RED, encoded, striped
from roadsight_models.frame import Pixels
from roadsight_models.session import Outputs, Session, open_session
from roadsight_service.app import OpenModels, create_app
from roadsight_service.registry import Registry, open_registry
from roadsight_service.server import config
from roadsight_service.settings import Settings


@contextmanager
def serve(settings: Settings, open_models: OpenModels = open_registry) -> Iterator[str]:
    """Runs the service until the block ends; gives its URL."""
    settings = settings.model_copy(update={"port": 0})
    server = uvicorn.Server(config(create_app(settings, open_models), settings))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until = time.monotonic() + 20
        while not server.started:
            assert thread.is_alive() and time.monotonic() < until, "the service did not start"
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(20)
    assert not thread.is_alive()


class Watched(Session):
    """A session that counts what it infers, and waits at a gate that a test opens."""

    def __init__(self, session: Session) -> None:
        self.__dict__.update(session.__dict__)
        self.batches: list[int] = []  # crops in each inference
        self.seen: list[str] = []  # every crop's colour, in the order of inference
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self._once = False

    def open_once(self) -> None:
        """Lets one inference pass; the next finds the gate shut."""
        self._once = True
        self.gate.set()

    def run(self, frames: Pixels) -> Outputs:
        """Counts, waits, infers."""
        self.entered.set()
        assert self.gate.wait(20), "no test opened the gate"
        if self._once:
            self._once = False
            self.gate.clear()
        self.batches.append(len(frames))
        self.seen += [colours.LABELS[i] for i in frames.mean(axis=(1, 2)).argmax(axis=1)]
        return super().run(frames)


def watched_colours(root: Path, **changes: object) -> Watched:
    """The colour bundle, watched; `changes` replace fields of its manifest."""
    return Watched(open_session(colours.save(root, None, **changes), "cpu"))


@contextmanager
def serve_watched(root: Path, **settings: object) -> Iterator[tuple[str, Watched]]:
    """Runs the service over one watched session."""
    session = watched_colours(root)
    with serve(Settings.model_validate(settings), lambda _: Registry({"colour": session})) as url:
        try:
            yield url, session
        finally:
            session.gate.set()


def start(root: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs `roadsight serve` as operations would; it must end by itself."""
    return subprocess.run(
        [sys.executable, "-m", "roadsight_models", "serve", "--port", "0"],
        env=os.environ | {"ROADSIGHT_BUNDLES": str(root)} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@contextmanager
def launched(
    root: Path, port: str = "0", module: str = "roadsight_models", **environment: str
) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """Runs `roadsight serve` as operations would, until the block ends; gives its URL once it listens."""
    command = [sys.executable, "-m", module, "serve", "--port", port]
    path = os.pathsep.join(filter(None, sys.path))  # `module` may be one of the tests
    variables = os.environ | {"ROADSIGHT_BUNDLES": str(root), "PYTHONPATH": path} | environment
    with subprocess.Popen(command, env=variables, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield await_line(process, r"http://127\.0\.0\.1:\d+"), process
        finally:
            process.kill()


def await_line(process: "subprocess.Popen[str]", pattern: str) -> str:
    """Reads the log until a line has the pattern; gives what matched."""
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.search(pattern, line):
            return found[0]
    raise AssertionError(f"it ended with status {process.wait(20)}, and never said {pattern}")


def until(condition: Callable[[], bool], wait_s: float = 10) -> None:
    """Waits for what must come to pass."""
    end = time.monotonic() + wait_s
    while not condition():
        assert time.monotonic() < end, "it never came to pass"
        time.sleep(0.01)


def metric(url: str, name: str) -> float:
    """The sum over all series whose name and labels begin with `name`."""
    lines = httpx.get(f"{url}/metrics", verify=False).text.splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


PNG = {"Content-Type": "image/png"}
RED_PNG = encoded(striped(RED))


def post(
    url: str, deadline_ms: float = 15_000, body: bytes = RED_PNG, query: str = "", **headers: str
) -> httpx.Response:
    """Posts a frame; `X_Camera_Id="a"` is a header."""
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    said = PNG | {"X-Deadline-Ms": str(deadline_ms)} | said
    # There is no TLS here; without `verify=False` httpx would read all root certificates for every frame.
    return httpx.post(f"{url}/v1/classify{query}", content=body, headers=said, timeout=20, verify=False)


def occupy(pool: ThreadPoolExecutor, url: str, session: Watched) -> "Future[httpx.Response]":
    """Shuts the gate and sends a frame that holds the only lane before it."""
    session.gate.clear()
    session.entered.clear()
    held = pool.submit(post, url)
    assert session.entered.wait(10)
    return held


@dataclass(frozen=True)
class Reply:
    """One answer, as it came over the wire; header names in small letters."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


class Wire:
    """A connection that sends exactly what it is given, and reads answer by answer."""

    def __init__(self, url: str) -> None:
        host, port = url.removeprefix("http://").split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._incoming = self.socket.makefile("rb")

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hangs up."""
        self._incoming.close()
        self.socket.close()

    def send(self, *pieces: bytes) -> None:
        """Sends each piece on its own."""
        for piece in pieces:
            self.socket.sendall(piece)

    def reply(self) -> Reply:
        """Reads one answer."""
        status = int(self._incoming.readline().split()[1])
        headers = {}
        while line := self._incoming.readline().strip():
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        return Reply(status, headers, self._incoming.read(int(headers.get("content-length", 0))))

    def ended(self) -> bool:
        """Waits for the other side to hang up; False if it speaks instead."""
        return self._incoming.read(1) == b""


def head(query: str = "", length: int | None = len(RED_PNG), **headers: str) -> bytes:
    """The head of a `POST /v1/classify`; without a length, its body is chunked."""
    framing = {"Transfer-Encoding": "chunked"} if length is None else {"Content-Length": str(length)}
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    lines = (f"{name}: {value}\r\n" for name, value in ({"Host": "x"} | PNG | framing | given).items())
    return f"POST /v1/classify{query} HTTP/1.1\r\n{''.join(lines)}\r\n".encode()
