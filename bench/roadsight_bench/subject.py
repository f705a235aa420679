"""Whom a load is put on: a server that runs, with the requests that it is sent.

Launch --server.running--> Server; requests --written--> Subject --closed_loop--> Closed
       ServiceFailed                                             --open_loop----> Open
                                                                 ServiceFailed, LoadFailed
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

from roadsight_bench import closed_loop, open_loop, server
from roadsight_bench.closed_loop import Closed
from roadsight_bench.errors import LoadFailed
from roadsight_bench.launch import Launch
from roadsight_bench.requests import Request, written
from roadsight_bench.server import Server
from roadsight_bench.tally import REFUSED, Open
from roadsight_bench.wrk import Tool

DEADLINE_MS = 100.0  # of a frame in the open loop, as a rule
WARM_S, WARM_CONNECTIONS = 1, 64
SETTLE_S = 0.3


@dataclass(frozen=True)
class Subject:
    """A server and its requests.

    A load raises ServiceFailed if the server ended under it or no longer answers, LoadFailed if the load itself broke.
    """

    server: Server
    requests: tuple[str, ...]  # as `requests.written` names them
    wrk: Tool
    refused: tuple[int, ...]  # what it says when it will not answer

    def warm(self) -> None:
        """A load that nobody looks at."""
        self.closed(WARM_CONNECTIONS, WARM_S)

    def closed(self, connections: int, seconds: int) -> Closed:
        """So many connections, each of which waits for its answers."""
        launch = self.server.launch
        with self._watched():
            return closed_loop.run(self.wrk, launch.url, self.requests, connections, seconds, launch.form.headers)

    def open(
        self,
        rate: float,
        seconds: float,
        deadline_ms: float = DEADLINE_MS,
        beside: AbstractContextManager[object] | None = None,
    ) -> Open:
        """So many frames a second, whether or not answers come; `beside` is entered for as long as they do."""
        launch = self.server.launch
        if not rate:
            raise LoadFailed(f"{launch.name} answered nothing with 200")
        load = open_loop.Load(launch.url, self.requests, rate, seconds, deadline_ms, launch.form.headers, self.refused)
        with self._watched(), beside or nullcontext():
            return open_loop.run(load)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except LoadFailed:
            self.server.check()  # that it has ended is the better reason
            raise
        time.sleep(SETTLE_S)  # for connections that a server has not yet seen closed
        self.server.settle()


@contextmanager
def subject(
    launch: Launch, requests: Sequence[Request], wrk: Tool, refused: tuple[int, ...] = REFUSED
) -> Iterator[Subject]:
    """Runs a server until the block ends.

    Args:
        launch: how it is started.
        requests: sent in turn, in the server's form.
        wrk: the load generator.
        refused: the statuses with which it refuses a frame.

    Raises:
        ServiceFailed: it did not start.
    """
    with server.running(launch, requests[0].body) as served, sending(served, requests, wrk, refused) as one:
        yield one


@contextmanager
def sending(
    served: Server, requests: Sequence[Request], wrk: Tool, refused: tuple[int, ...] = REFUSED
) -> Iterator[Subject]:
    """The same for a server that runs already, and may be sent other requests as well."""
    with written(requests, served.launch.form) as paths:
        yield Subject(served, tuple(paths), wrk, refused)
