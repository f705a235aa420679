"""Cameras take turns; within one frames go by priority, then, as equal cameras do, by the earliest deadline.

    frame --add----------+
                         +--> Turns --next--> the camera whose turn it is --pop--> frame | errand
    errand --add_errand--+

Knows no threads: `FrameQueue` holds a lock around every call.
"""

import heapq
from dataclasses import dataclass, field
from itertools import chain
from typing import Generic, Protocol, TypeVar


class Waits(Protocol):
    """A frame, as the queue sees it."""

    camera: str
    priority: int  # among the frames of its camera; 1 is the highest
    deadline: float  # seconds on the monotonic clock
    stream: object | None  # of which only the latest frame of a camera waits

    @property
    def weight(self) -> int:
        """What it costs, roughly: its decode is as much as a crop."""

    def fail(self, error: Exception) -> None:
        """Is told what became of it, if it gets no further."""


class Remains(Protocol):
    """What is left of frames that have been begun."""

    camera: str
    deadline: float

    def __len__(self) -> int:
        """How much nobody has in hand yet."""


Frame = TypeVar("Frame", bound=Waits)
Rest = TypeVar("Rest", bound=Remains)
Entry = tuple[int, float, int, Frame]  # priority, deadline, number: what is lowest goes first


@dataclass(eq=False)
class Camera(Generic[Frame, Rest]):
    """What waits of one camera: what is left of frames that have been begun goes first."""

    turn: int  # the round in which it is next; the lowest goes first
    frames: list[Entry[Frame]] = field(default_factory=list)  # heap
    errands: list[Rest] = field(default_factory=list)

    @property
    def rank(self) -> tuple[int, float]:
        """The lowest is next. No priority is in it: that would take a turn from another camera."""
        return self.turn, self.errands[0].deadline if self.errands else self.frames[0][1]

    @property
    def weight(self) -> int:
        """Of its next frame."""
        return self.frames[0][-1].weight

    def before(self, turn: int) -> list[Frame]:
        """Its frames that go before the end of a turn."""
        return [entry[-1] for entry in heapq.nsmallest(turn - self.turn + 1, self.frames)]


class Turns(Generic[Frame, Rest]):
    """All that waits, and whose turn it is."""

    def __init__(self) -> None:
        self._cameras: dict[str, Camera[Frame, Rest]] = {}
        self.weight = 0  # of all frames that wait
        self._turn = 0
        self._number = 0

    def frames_of(self, camera: str) -> int:
        """How many frames of a camera wait."""
        return len(self._cameras[camera].frames) if camera in self._cameras else 0

    def add(self, job: Frame) -> None:
        """Lets a frame wait."""
        heapq.heappush(self._camera(job.camera).frames, self._entry(job))
        self.weight += job.weight

    def predecessor(self, job: Frame) -> Frame | None:
        """The frame whose place a newer one of its stream and camera takes."""
        mine = self._cameras.get(job.camera)
        if job.stream is None or mine is None:
            return None
        return next((entry[-1] for entry in mine.frames if entry[-1].stream is job.stream), None)

    def replace(self, older: Frame, newer: Frame) -> None:
        """Lets a frame wait in the place of another one of its camera, which keeps its turn: newness costs none."""
        frames = self._cameras[older.camera].frames
        frames[:] = [entry for entry in frames if entry[-1] is not older]
        heapq.heapify(frames)
        heapq.heappush(frames, self._entry(newer))
        self.weight += newer.weight - older.weight

    def _entry(self, job: Frame) -> Entry[Frame]:
        self._number += 1
        return job.priority, job.deadline, self._number, job

    def add_errand(self, errand: Rest) -> None:
        """Lets wait what is left of a frame."""
        self._camera(errand.camera).errands.append(errand)

    def _camera(self, name: str) -> Camera[Frame, Rest]:
        # A camera that comes (back) queues behind those that wait for the present turn: absence earns no credit.
        return self._cameras.setdefault(name, Camera(self._turn + 1))

    def next(self, most_begun: int) -> Camera[Frame, Rest] | None:
        """The camera whose turn it is, if any waits.

        Args:
            most_begun: of so many cameras frames may be begun and not done; then what is nearest to its end is next.
        """
        for camera in self._cameras.values():
            if camera.errands:  # one of which every piece is in hand waits no more
                camera.errands = [errand for errand in camera.errands if errand]
        self._cameras = {name: camera for name, camera in self._cameras.items() if camera.errands or camera.frames}
        begun = [camera for camera in self._cameras.values() if camera.errands]
        if len(begun) >= most_begun:
            return min(begun, key=lambda camera: sum(map(len, camera.errands)))
        return min(self._cameras.values(), key=lambda camera: camera.rank, default=None)

    def pop_frame(self, camera: Camera[Frame, Rest]) -> Frame:
        """Spends a camera's turn on the first of its frames."""
        self._pass(camera)
        frame = heapq.heappop(camera.frames)[-1]
        self.weight -= frame.weight
        return frame

    def errand(self, camera: Camera[Frame, Rest]) -> Rest:
        """Spends a camera's turn on what is left of a frame, which waits on for others to help."""
        self._pass(camera)
        return camera.errands[0]

    def _pass(self, camera: Camera[Frame, Rest]) -> None:
        # One that goes before its turn, since too many are begun, moves nobody else's.
        self._turn = min(camera.turn, *(other.turn for other in self._cameras.values()))
        camera.turn += 1

    def ahead(self, camera: str, priority: int, deadline: float) -> list[Frame]:
        """Frames that would be taken before such a one, if no other comes; perhaps not all of them."""
        mine = self._cameras.get(camera)
        own = [entry[-1] for entry in mine.frames if entry[:2] <= (priority, deadline)] if mine else []
        turn = (mine.turn if mine else self._turn + 1) + len(own)
        others = [other.before(turn) for other in self._cameras.values() if other is not mine]
        return [*own, *chain.from_iterable(others)]

    def fullest(self) -> str:
        """The camera of which most frames wait."""
        return max(self._cameras, key=self.frames_of)

    def last(self, camera: str) -> Frame | None:
        """The frame of a camera that goes after all others of it, if any waits."""
        return max(self._cameras[camera].frames)[-1] if self.frames_of(camera) else None

    def remove(self, job: Frame) -> bool:
        """Takes a frame out; says whether it waited."""
        camera = self._cameras.get(job.camera)
        kept = [entry for entry in camera.frames if entry[-1] is not job] if camera else []
        if camera is None or len(kept) == len(camera.frames):
            return False
        self.weight -= job.weight
        heapq.heapify(kept)
        camera.frames = kept
        if not kept and not camera.errands:
            del self._cameras[job.camera]
        return True
