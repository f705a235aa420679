"""A service whose lanes are real processes, and what tests do to these."""

import os
import signal
from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

import colours
from roadsight_service.opening import open_models
from roadsight_service.settings import Settings
from running import PNG, RED_PNG, Wire, head, metric, serve, until


@dataclass(frozen=True)
class Running:
    """A service, and the processes that belong to it."""

    url: str
    others: tuple[int, ...]  # processes that this one had started before

    @property
    def zygotes(self) -> list[int]:
        """What lanes are forked from; of more than one set of models while they change."""
        return [each for each in children(os.getpid()) if each not in self.others and is_alive(each)]

    @property
    def zygote(self) -> int:
        """The only one."""
        (found,) = self.zygotes
        return found

    @property
    def lanes(self) -> list[int]:
        """The lanes that there are now."""
        return children(self.zygote)

    def checker(self, lanes: Collection[int]) -> int:
        """The process of a check, beside these lanes, once it is at work."""
        until(lambda: bool(set(self.lanes) - set(lanes)))
        (found,) = set(self.lanes) - set(lanes)
        until(lambda: os.sched_getscheduler(found) == os.SCHED_IDLE)
        return found

    def crops(self) -> float:
        """How many crops were inferred."""
        return metric(self.url, "roadsight_batch_size_sum")

    def paused(self) -> AbstractContextManager[None]:
        """Lets no lane go on until the block ends."""
        return paused(self.lanes)


@contextmanager
def paused(lanes: Collection[int]) -> Iterator[None]:
    """Lets none of these go on until the block ends."""
    for lane in lanes:
        os.kill(lane, signal.SIGSTOP)
    try:
        yield
    finally:
        for lane in lanes:
            with suppress(ProcessLookupError):  # a test may have ended it
                os.kill(lane, signal.SIGCONT)


@contextmanager
def serve_processes(root: Path, **settings: object) -> Iterator[Running]:
    """Runs the service over the bundles under `root`; of a bundle if there is none."""
    if not any(root.iterdir()):
        colours.save(root)
    given = {"bundles": root, "provider": "cpu", "lanes": 2} | settings
    others = tuple(children(os.getpid()))
    with serve(Settings.model_validate(given), open_models) as url:
        yield Running(url, others)


def frames_that_wait(url: str, cameras: ExitStack) -> list[Wire]:
    """Sends the frames of eight cameras to a service whose lanes stand, until all were taken and some wait."""
    wires = [cameras.enter_context(Wire(url)) for _ in range(8)]
    for wire in wires:
        wire.send(head(Expect="100-continue", X_Deadline_Ms="15000"))
        assert wire.reply().status == 100  # the service has taken the connection, and waits for the frame
    for wire in wires:
        wire.send(RED_PNG)
    until(lambda: metric(url, "roadsight_queue_depth") > 0)
    return wires


def check(url: str, query: str, body: bytes = RED_PNG, headers: Mapping[str, str] | None = None) -> httpx.Response:
    """Posts a frame to be checked."""
    address, said = f"{url}/v1/robustness?{query}", PNG | {"X-Deadline-Ms": "15000"} | dict(headers or {})
    return httpx.post(address, content=body, headers=said, timeout=30, verify=False)


def children(process: int) -> list[int]:
    """The processes that a process started."""
    found: list[int] = []
    for task in Path(f"/proc/{process}/task").iterdir():
        with suppress(FileNotFoundError):  # a thread that ended meanwhile
            found += map(int, (task / "children").read_text().split())
    return found


def is_alive(process: int) -> bool:
    """Whether it runs, or is held up; one that has ended and was not waited for is not."""
    try:
        return state(process) not in "ZX"
    except (FileNotFoundError, ProcessLookupError):  # it went before its file was opened, or read
        return False


def state(process: int) -> str:
    """As `ps` tells it; T where it was stopped."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]


def until_dead(*processes: int) -> None:
    """Waits until they have ended."""
    until(lambda: not any(map(is_alive, processes)))
