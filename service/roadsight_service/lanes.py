"""The threads that work on frames.

    Job --FrameQueue--> lane: decode, crop --accept--> batcher
        QueueFull       DeadlineMissed, ClientGone (before any work)
        Draining

One lane per core; OpenCV and ONNX Runtime use one thread each, so lanes do not fight. A lane takes along a fair
part of what waits already, for a fuller batch, and never idles to wait for more.
"""

import asyncio
from threading import Thread
from time import monotonic

import cv2

from roadsight_models.errors import DeadlineMissed
from roadsight_service.batcher import Batcher
from roadsight_service.errand import Errand
from roadsight_service.frame_queue import FrameQueue
from roadsight_service.pace import Pace
from roadsight_service.work import Done, Job, Share


class Lanes:
    """A fixed set of threads over one queue and one batcher."""

    def __init__(self, count: int, queue: FrameQueue[Job, Errand], batcher: Batcher, pace: Pace) -> None:
        self._count, self._queue, self._batcher, self._pace = count, queue, batcher, pace
        self._threads = [Thread(target=self._work, name=f"lane-{i}", daemon=True) for i in range(count)]

    def start(self) -> None:
        """Starts the threads."""
        cv2.setNumThreads(1)
        for thread in self._threads:
            thread.start()

    def close(self, within_s: float) -> None:
        """Finishes what waits and stops; new jobs are told `draining`. Gives up on a thread that hangs longer."""
        until = monotonic() + within_s
        self._queue.close()
        for thread in self._threads:
            thread.join(max(0.0, until - monotonic()))
        self._batcher.close(max(0.0, until - monotonic()))

    def check(self, camera: str, deadline: float) -> None:
        """Raises QueueFull if an answer to a frame of one crop that came now would be too late."""
        self._queue.check(camera, deadline)

    async def run(self, job: Job) -> Done:
        """Waits until a job is done, or its deadline passes; then, and if the wait is cancelled, the job is taken out.

        Raises:
            QueueFull, Draining: it was not let in.
            DeadlineMissed: told when the deadline passes, whatever the lanes are doing.
            RoadsightError: what `prepare` raised.
        """
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[None] = loop.create_future()
        # `asyncio.wrap_future` does this too, in four times as many steps.
        job.future.add_done_callback(lambda _: loop.call_soon_threadsafe(_wake, waiter))
        self._queue.put(job)
        alarm = loop.call_later(job.deadline - monotonic(), job.fail, DeadlineMissed("the answer"))
        try:
            await waiter
            return job.future.result()
        except (asyncio.CancelledError, DeadlineMissed):
            job.future.cancel()
            self._queue.discard(job)
            job.end_wait()
            raise
        finally:
            alarm.cancel()

    def _work(self) -> None:
        while (work := self._queue.take(self._count, self._batcher.round_s)) is not None:
            if isinstance(work, Errand):
                with self._pace.errand():
                    work.help(self._batcher.round_s)
            else:
                self._begin(work)

    def _begin(self, jobs: list[Job]) -> None:
        try:
            with self._pace.round(jobs):
                self._batcher.accept([share for job in jobs for share in _prepare(job)])
        except Exception as error:  # belongs to these frames; the lane lives on
            for job in jobs:
                job.fail(error)


def _wake(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_result(None)


def _prepare(job: Job) -> list[Share]:
    try:
        return job.shares()
    except Exception as error:  # a frame that can't be prepared fails alone; the lane lives on
        job.fail(error)
        return []
