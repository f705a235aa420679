"""The one queue before the lanes: bounded, fair between cameras, and open only to frames that can be in time.

frame --put--> FrameQueue --take--> a lane's part of what waits --put_errand--> what is left waits again
QueueFull, Draining
"""

import math
from threading import Condition
from time import monotonic
from typing import Generic

from roadsight_models.errors import Draining, QueueFull
from roadsight_service.pace import Pace
from roadsight_service.room import DEFAULT_PRIORITY, Superseded
from roadsight_service.turns import Camera, Frame, Rest, Turns

LIGHTEST = 2  # the weight of a frame of one crop
_MOST_BEGUN = 4  # cameras a lane, of which frames are begun and not done: their crops take memory
_TRUST = 0.75  # of its time must be enough for a frame: costs vary, and one that comes later may go first


class FrameQueue(Generic[Frame, Rest]):
    """What waits for lanes, in the order of `Turns`."""

    def __init__(self, limit: int, pace: Pace) -> None:
        self._limit, self._pace = limit, pace
        self._turns = Turns[Frame, Rest]()
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
        """Raises QueueFull if an answer to a frame of one crop that came now would be too late."""
        with self._changed:
            self._check(camera, DEFAULT_PRIORITY, deadline, LIGHTEST)

    def _check(self, camera: str, priority: int, deadline: float, weight: int, older: Frame | None = None) -> None:
        left = deadline - monotonic()
        if left <= 0:  # it is told that instead
            return
        if self._pace.expected(self._waiting, self._turns.weight, weight) <= _TRUST * left:  # behind all that waits
            return
        ahead = [each for each in self._turns.ahead(camera, priority, deadline) if each is not older]
        expected = self._pace.expected(len(ahead), sum(job.weight for job in ahead), weight)
        if expected > _TRUST * left:
            said = f"{1e3 * expected:.0f} ms, {1e3 * left:.0f} ms are left"
            raise QueueFull(f"{len(ahead)} frames go before it, an answer would take {said}")

    def put(self, job: Frame) -> None:
        """Lets a frame wait; of a stream it takes the place of the one before, which is told Superseded.

        Raises:
            QueueFull: as many wait as may, no camera holds more places than this one would, and none of its own frames
                has a lower priority; or so many that the answer would be too late.
            Draining: the queue is closed.
        """
        with self._changed:
            if self._closed:
                raise Draining("the service is going down")
            older = self._turns.predecessor(job)
            self._check(job.camera, job.priority, job.deadline, job.weight, older)
            if older is not None:
                self._turns.replace(older, job)
                older.fail(Superseded())
                return
            if self._waiting >= self._limit:
                self._displace(job)
                return
            self._turns.add(job)
            self._waiting += 1
            self._changed.notify()

    def _displace(self, job: Frame) -> None:
        """Takes the place of the last frame of the camera with most, or of its own camera if that matters less."""
        fullest = self._turns.fullest()
        has_most = self._turns.frames_of(fullest) > self._turns.frames_of(job.camera) + 1
        loser = self._turns.last(fullest if has_most else job.camera)
        if loser is None or not (has_most or job.priority < loser.priority):
            raise QueueFull(f"{self._waiting} frames wait already")
        if has_most:
            self._turns.remove(loser)
            self._turns.add(job)
        else:
            self._turns.replace(loser, job)
        why = "most of them of this camera" if has_most else "this camera's newest has a higher priority"
        loser.fail(QueueFull(f"{self._waiting + 1} frames wait already, {why}"))

    def put_errand(self, errand: Rest) -> None:
        """Lets lanes that are idle help with an errand, and any lane when it is its camera's turn.

        It takes no place: it is a part of frames that were let in.
        """
        with self._changed:
            self._turns.add_errand(errand)
            self._changed.notify(len(errand))

    def take(self, lanes: int, round_s: float) -> list[Frame] | Rest | None:
        """Waits for work, and gives a lane its part of it, from the camera whose turn it is on.

        Where frames wait that part is a fair one, at least one frame, and no more than `round_s` seconds of work.

        Returns:
            Frames, or an errand that others may have in hand, too; None once the queue is closed and empty.
        """
        with self._changed:
            self._idle += 1
            # Looked at once: the last piece of an errand may be gone by a second look, and the queue be open.
            found = self._changed.wait_for(lambda: self._turns.next(_MOST_BEGUN * lanes) or self._closed)
            self._idle -= 1
            return self._part(found, lanes, round_s, self._limit) if isinstance(found, Camera) else None

    def take_now(self, lanes: int, round_s: float, most: int) -> list[Frame] | Rest | None:
        """The same without waiting, and at most so many frames; None if nothing is there."""
        with self._changed:
            found = self._turns.next(_MOST_BEGUN * lanes)
            return self._part(found, lanes, round_s, most) if found else None

    def _part(self, camera: Camera[Frame, Rest], lanes: int, round_s: float, most: int) -> list[Frame] | Rest:
        if camera.errands:
            return self._turns.errand(camera)
        most, weight = min(most, math.ceil(self._waiting / lanes)), self._pace.weight_in(round_s)
        return self._take_frames(camera, most, weight, _MOST_BEGUN * lanes)

    def _take_frames(self, first: Camera[Frame, Rest], most: int, weight: int, most_begun: int) -> list[Frame]:
        jobs, camera = list[Frame](), first
        while True:
            jobs.append(self._turns.pop_frame(camera))
            self._waiting -= 1
            weight -= jobs[-1].weight
            following = self._turns.next(most_begun)
            if len(jobs) == most or following is None or following.errands or following.weight > weight:
                return jobs
            camera = following

    def discard(self, job: Frame) -> None:
        """Takes a job out whose client left; its place is free at once. Does nothing if a lane has it already."""
        with self._changed:
            self._remove(job)

    def _remove(self, job: Frame) -> None:
        self._waiting -= self._turns.remove(job)

    def close(self) -> None:
        """Takes no more; what waits is still handed out."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
