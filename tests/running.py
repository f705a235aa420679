"""The real application on a real socket, in a thread of the test process."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

import colours
from roadsight_models.frame import Pixels
from roadsight_models.session import Outputs, Session, open_session
from roadsight_service.app import OpenRegistry, create_app
from roadsight_service.registry import Registry, open_registry
from roadsight_service.settings import Settings


@contextmanager
def serve(settings: Settings, open_models: OpenRegistry = open_registry) -> Iterator[str]:
    """Runs the service until the block ends; gives its URL."""
    config = uvicorn.Config(create_app(settings, open_models), port=0, log_config=None, timeout_graceful_shutdown=5)
    server = uvicorn.Server(config)
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
        self.batches: list[int] = []
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()

    def run(self, frames: Pixels) -> Outputs:
        """Counts, waits, infers."""
        self.entered.set()
        assert self.gate.wait(20), "no test opened the gate"
        self.batches.append(len(frames))
        return super().run(frames)


def watched_colours(root: Path) -> Watched:
    """The colour bundle, watched."""
    return Watched(open_session(colours.save(root), "cpu"))


@contextmanager
def serve_watched(root: Path, **settings: object) -> Iterator[tuple[str, Watched]]:
    """Runs the service over one watched session."""
    session = watched_colours(root)
    with serve(Settings.model_validate(settings), lambda _: Registry({"colour": session})) as url:
        try:
            yield url, session
        finally:
            session.gate.set()
