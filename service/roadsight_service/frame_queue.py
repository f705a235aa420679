"""The one queue before the lanes: bounded, fair between cameras, and open only to frames that can be in time.

Job --put--> FrameQueue --take--> a lane's part of what waits
QueueFull, Draining
"""

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Condition
from time import monotonic

from roadsight_models.errors import Draining, QueueFull
from roadsight_service.errand import Errand, Piece
from roadsight_service.pace import Pace
from roadsight_service.work import Job

_TRUST = 0.75  # of its time must be enough for a frame: costs vary, and one that comes later may go first


@dataclass
class _Camera:
    turn: int  # the round in which its next frame is due; the lowest goes first
    frames: list[tuple[float, int, Job]] = field(default_factory=list)  # heap: earliest deadline first

    @property
    def rank(self) -> tuple[int, float]:
        return self.turn, self.frames[0][0]

    def before(self, turn: int) -> int:
        """How many of its frames go before the end of a turn."""
        return min(max(turn - self.turn + 1, 0), len(self.frames))


class FrameQueue:
    """Bounded; cameras take turns, and within a camera, or between equals, the earliest deadline goes first."""

    def __init__(self, limit: int, pace: Pace) -> None:
        self._limit, self._pace = limit, pace
        self._cameras: dict[str, _Camera] = {}
        self._turn = 0
        self._number = 0
        self._waiting = 0
        self._idle = 0  # lanes that wait for work
        self._errands: list[Errand] = []
        self._closed = False
        self._changed = Condition()

    def __len__(self) -> int:
        return self._waiting

    def put(self, job: Job) -> None:
        """Lets a job wait.

        Raises:
            QueueFull: as many wait as may, and no camera holds more places than this one would; or so many that the
                answer would be too late.
            Draining: the queue is closed.
        """
        with self._changed:
            if self._closed:
                raise Draining("the service is going down")
            self._check(job.camera, job.deadline)
            if self._waiting >= self._limit:
                self._make_room(job.camera)
            # A camera that comes (back) queues behind those that wait for the present turn: absence earns no credit.
            camera = self._cameras.setdefault(job.camera, _Camera(self._turn + 1))
            self._number += 1
            heapq.heappush(camera.frames, (job.deadline, self._number, job))
            self._waiting += 1
            self._changed.notify()

    def check(self, camera: str, deadline: float) -> None:
        """Raises QueueFull if an answer to a frame that came now would be too late."""
        with self._changed:
            self._check(camera, deadline)

    def _check(self, camera: str, deadline: float) -> None:
        left, ahead = deadline - monotonic(), self.ahead(camera, deadline)
        expected = self._pace.expected(ahead)
        if 0 < _TRUST * left < expected:  # one whose time is up already is told that instead
            said = f"{1e3 * expected:.0f} ms, {1e3 * left:.0f} ms are left"
            raise QueueFull(f"{ahead} frames go before it, an answer would take {said}")

    def ahead(self, camera: str, deadline: float) -> int:
        """At most how many of those that wait would be taken before such a frame, if no other comes."""
        mine = self._cameras.get(camera)
        own = sum(other <= deadline for other, _, _ in mine.frames) if mine else 0
        turn = (mine.turn if mine else self._turn + 1) + own
        return own + sum(other.before(turn) for other in self._cameras.values() if other is not mine)

    def _make_room(self, camera: str) -> None:
        """The camera with most places gives up its latest frame, if the newcomer would hold fewer."""
        mine = len(self._cameras[camera].frames) if camera in self._cameras else 0
        largest = max(self._cameras.values(), key=lambda each: len(each.frames))
        if len(largest.frames) <= mine + 1:
            raise QueueFull(f"{self._waiting} frames wait already")
        _, _, loser = max(largest.frames)
        self._remove(loser)
        loser.fail(QueueFull(f"{self._waiting + 1} frames wait already, most of them of this camera"))

    @property
    def idle(self) -> int:
        """How many lanes have nothing to do, at this moment."""
        return self._idle

    def take(self, lanes: int, round_s: float) -> list[Job]:
        """Waits for work; returns one lane's part of what waits, or nothing once closed and empty.

        At least one frame, and no more than `round_s` seconds of work: a more urgent one that comes then must wait.

        A lane that waits helps those that have more than one piece of work in hand.
        """
        while True:
            with self._changed:
                self._idle += 1
                self._changed.wait_for(lambda: self._closed or self._waiting or self._errands)
                self._idle -= 1
                if not self._errands:
                    count = min(math.ceil(self._waiting / lanes), self._pace.frames_in(round_s))
                    return [self._pop() for _ in range(count)]
                errand = self._errands[0]
            errand.help()
            self._end(errand)

    def share(self, pieces: Sequence[Piece]) -> None:
        """Does the pieces, together with lanes that have nothing to do; returns when all are done."""
        helpers = min(self._idle, len(pieces) - 1)
        errand = Errand(pieces)
        if helpers > 0:
            with self._changed:
                self._errands.append(errand)
                self._changed.notify(helpers)
        errand.finish()
        if helpers > 0:
            self._end(errand)

    def _end(self, errand: Errand) -> None:
        with self._changed:
            if errand in self._errands:
                self._errands.remove(errand)

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
