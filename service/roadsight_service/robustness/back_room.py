"""Work that may wait: one job at a time, and one more waiting. Lives on the event loop.

work --run--> its turn --> what it gives
     QueueFull             DeadlineMissed
     Draining
"""

import asyncio
from collections.abc import Callable, Coroutine
from time import monotonic
from typing import Any, TypeVar

from roadsight_models.errors import DeadlineMissed, Draining, QueueFull

PLACES = 2  # one at work, one waiting

Kind = TypeVar("Kind")


class BackRoom:
    """The jobs that are in hand."""

    def __init__(self) -> None:
        self._jobs: set[asyncio.Task[Any]] = set()
        self._turn = asyncio.Lock()
        self._is_draining = False

    def __len__(self) -> int:
        """How many jobs wait."""
        return max(0, len(self._jobs) - 1)

    async def run(self, work: Callable[[], Coroutine[Any, Any, Kind]], deadline: float) -> Kind:
        """Does a job, when its turn comes. Cancelled, so is the job, which keeps its place until it has stopped.

        Args:
            work: the job.
            deadline: seconds on the monotonic clock.

        Raises:
            QueueFull: one is at work and another waits.
            DeadlineMissed: told when the deadline passes, whatever the job is doing.
            Draining: the service is going down.
        """
        if self._is_draining:
            raise Draining("the service is going down")
        if len(self._jobs) == PLACES:
            raise QueueFull("one check is at work and another waits already")
        job = asyncio.ensure_future(self._in_turn(work))
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)
        try:
            await asyncio.wait([job], timeout=max(0.0, deadline - monotonic()))
            if not job.done():
                raise DeadlineMissed("the check was done")
            if job.cancelled():
                raise Draining("the service is going down")
            return job.result()
        finally:
            job.cancel()

    async def close(self, within_s: float) -> None:
        """Stops all jobs. Gives up on one that takes longer to stop."""
        self._is_draining = True
        for job in self._jobs:
            job.cancel()
        if self._jobs:
            await asyncio.wait(self._jobs, timeout=within_s)

    async def _in_turn(self, work: Callable[[], Coroutine[Any, Any, Kind]]) -> Kind:
        async with self._turn:
            return await work()
