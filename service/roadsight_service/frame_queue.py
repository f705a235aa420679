"""The one queue before the lanes: bounded, fair between cameras, and open only to frames that can be in time.

Job --put--> FrameQueue --take--> a lane's part of what waits --put_errand--> what is left waits again
QueueFull, Draining
"""

import math
from threading import Condition
from time import monotonic

from roadsight_models.errors import Draining, QueueFull
from roadsight_service.errand import Errand
from roadsight_service.pace import Pace
from roadsight_service.turns import Turns
from roadsight_service.work import Job

_MOST_BEGUN = 4  # cameras a lane, of which frames are begun and not done: their crops take memory
_TRUST = 0.75  # of its time must be enough for a frame: costs vary, and one that comes later may go first


class FrameQueue:
    """What waits for lanes, in the order of `Turns`."""

    def __init__(self, limit: int, pace: Pace) -> None:
        self._limit, self._pace = limit, pace
        self._turns = Turns()
        self._waiting = 0
        self._idle = 0  # lanes that wait for work
        self._closed = False
        self._changed = Condition()

    def __len__(self) -> int:
        """How many frames wait."""
        return self._waiting

    @property
    def idle(self) -> int:
        """How many lanes have nothing to do, at this moment."""
        return self._idle

    def check(self, camera: str, deadline: float) -> None:
        """Raises QueueFull if an answer to a frame that came now would be too late."""
        with self._changed:
            self._check(camera, deadline)

    def _check(self, camera: str, deadline: float) -> None:
        left, ahead = deadline - monotonic(), self._turns.ahead(camera, deadline)
        expected = self._pace.expected(ahead)
        if 0 < _TRUST * left < expected:  # one whose time is up already is told that instead
            said = f"{1e3 * expected:.0f} ms, {1e3 * left:.0f} ms are left"
            raise QueueFull(f"{ahead} frames go before it, an answer would take {said}")

    def put(self, job: Job) -> None:
        """Lets a frame wait.

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
            self._turns.add(job)
            self._waiting += 1
            self._changed.notify()

    def _make_room(self, camera: str) -> None:
        """The camera with most places gives up its latest frame, if the newcomer would hold fewer."""
        loser, most = self._turns.latest_of_most()
        if most <= self._turns.frames_of(camera) + 1:
            raise QueueFull(f"{self._waiting} frames wait already")
        self._remove(loser)
        loser.fail(QueueFull(f"{self._waiting + 1} frames wait already, most of them of this camera"))

    def put_errand(self, errand: Errand) -> None:
        """Lets lanes that are idle help with an errand, and any lane when it is its camera's turn.

        It takes no place: it is a part of frames that were let in.
        """
        with self._changed:
            self._turns.add_errand(errand)
            self._changed.notify(len(errand))

    def take(self, lanes: int, round_s: float) -> list[Job] | Errand | None:
        """Waits for work, and gives a lane its part of it, from the camera whose turn it is on.

        Where frames wait that part is a fair one, at least one frame, and no more than `round_s` seconds of work.

        Returns:
            Frames, or an errand that others may have in hand, too; None once the queue is closed and empty.
        """
        most_begun = _MOST_BEGUN * lanes
        with self._changed:
            self._idle += 1
            self._changed.wait_for(lambda: self._closed or self._turns.next(most_begun))
            self._idle -= 1
            camera = self._turns.next(most_begun)
            if camera is None:
                return None
            if camera.errands:
                return self._turns.errand(camera)
            jobs: list[Job] = []
            most = min(math.ceil(self._waiting / lanes), self._pace.frames_in(round_s))
            while len(jobs) < most and camera and not camera.errands:
                jobs.append(self._turns.pop_frame(camera))
                self._waiting -= 1
                camera = self._turns.next(most_begun)
            return jobs

    def discard(self, job: Job) -> None:
        """Takes a job out whose client left; its place is free at once. Does nothing if a lane has it already."""
        with self._changed:
            self._remove(job)

    def _remove(self, job: Job) -> None:
        self._waiting -= self._turns.remove(job)

    def close(self) -> None:
        """Takes no more; what waits is still handed out."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
