"""The threads that work on frames, and the one queue before them.

    Job --put--> FrameQueue --take--> lane: decode, crop --accept--> batcher
        QueueFull            DeadlineMissed, ClientGone (before any work)
        Draining

One lane per core; OpenCV and ONNX Runtime use one thread each, so lanes do not fight. A lane takes along a fair
part of what waits already, for a fuller batch, and never idles to wait for more.
"""

import asyncio
import heapq
import math
from dataclasses import dataclass, field
from threading import Condition, Thread
from time import monotonic

import cv2

from roadsight_models.errors import Draining, QueueFull
from roadsight_service.batcher import Batcher
from roadsight_service.work import Done, Job, Share


@dataclass
class _Camera:
    turn: int  # the round in which its next frame is due; the lowest goes first
    frames: list[tuple[float, int, Job]] = field(default_factory=list)  # heap: earliest deadline first

    @property
    def rank(self) -> tuple[int, float]:
        return self.turn, self.frames[0][0]


class FrameQueue:
    """Bounded; cameras take turns, and within a camera, or between equals, the earliest deadline goes first."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._cameras: dict[str, _Camera] = {}
        self._turn = 0
        self._number = 0
        self._waiting = 0
        self._closed = False
        self._changed = Condition()

    def __len__(self) -> int:
        return self._waiting

    def put(self, job: Job) -> None:
        """Lets a job wait.

        Raises:
            QueueFull: as many wait as may, and no camera holds more places than this one would.
            Draining: the queue is closed.
        """
        with self._changed:
            if self._closed:
                raise Draining("the service is going down")
            if self._waiting >= self._limit:
                self._make_room(job.camera)
            # A camera that comes (back) queues behind those that wait for the present turn: absence earns no credit.
            camera = self._cameras.setdefault(job.camera, _Camera(self._turn + 1))
            self._number += 1
            heapq.heappush(camera.frames, (job.deadline, self._number, job))
            self._waiting += 1
            self._changed.notify()

    def _make_room(self, camera: str) -> None:
        """The camera with most places gives up its latest frame, if the newcomer would hold fewer."""
        mine = len(self._cameras[camera].frames) if camera in self._cameras else 0
        largest = max(self._cameras.values(), key=lambda each: len(each.frames))
        if len(largest.frames) <= mine + 1:
            raise QueueFull(f"{self._waiting} frames wait already")
        _, _, loser = max(largest.frames)
        self._remove(loser)
        loser.fail(QueueFull(f"{self._waiting + 1} frames wait already, most of them of this camera"))

    def take(self, lanes: int, most: int) -> list[Job]:
        """Waits for work; returns one lane's part of what waits, at most `most`, or nothing once closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._waiting)
            count = min(most, math.ceil(self._waiting / lanes))
            return [self._pop() for _ in range(count)]

    def _pop(self) -> Job:
        name, camera = min(self._cameras.items(), key=lambda item: item[1].rank)
        _, _, job = heapq.heappop(camera.frames)
        self._turn = camera.turn
        camera.turn += 1
        if not camera.frames:
            del self._cameras[name]
        self._waiting -= 1
        return job

    def discard(self, job: Job) -> None:
        """Takes a job out whose client left; its place is free at once. Does nothing if a lane has it already."""
        with self._changed:
            self._remove(job)

    def _remove(self, job: Job) -> None:
        camera = self._cameras.get(job.camera)
        kept = [entry for entry in camera.frames if entry[2] is not job] if camera else []
        if camera is None or len(kept) == len(camera.frames):
            return
        heapq.heapify(kept)
        camera.frames = kept
        if not kept:
            del self._cameras[job.camera]
        self._waiting -= 1

    def close(self) -> None:
        """Takes no more; what waits is still handed out."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


class Lanes:
    """A fixed set of threads over one queue and one batcher."""

    def __init__(self, count: int, queue: FrameQueue, batcher: Batcher) -> None:
        self._count, self._queue, self._batcher = count, queue, batcher
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

    async def run(self, job: Job) -> Done:
        """Waits until a job is done; cancelling the wait takes the job out, wherever it is.

        Raises:
            QueueFull, Draining: it was not let in.
            RoadsightError: what `prepare` raised, or the deadline passed.
        """
        self._queue.put(job)
        try:
            return await asyncio.wrap_future(job.future)
        except asyncio.CancelledError:
            self._queue.discard(job)
            job.end_wait()
            raise

    def _work(self) -> None:
        while jobs := self._queue.take(self._count, self._batcher.frames_at_once):
            self._batcher.accept([share for job in jobs for share in _prepare(job)])


def _prepare(job: Job) -> list[Share]:
    try:
        return job.shares()
    except Exception as error:  # a frame that can't be prepared fails alone; the lane lives on
        job.fail(error)
        return []
