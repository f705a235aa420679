"""A frame's stay in the machine room: what lanes and batcher pass to each other.

    Job (deadline, camera) --prepare--> Prepared --shares--> crops for one session each --fill--> Done
                           DeadlineMissed, ClientGone

Whoever waits cancels `future` to leave; work on a cancelled job stops at the next check.
"""

from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic, perf_counter

import numpy as np

from roadsight_models.errors import DeadlineMissed
from roadsight_models.frame import Pixels
from roadsight_models.preprocess import Crops
from roadsight_models.regions import Region
from roadsight_models.session import Outputs
from roadsight_service.metrics import Clock
from roadsight_service.quality import Quality
from roadsight_service.room import DEFAULT_PRIORITY, ClientGone
from roadsight_service.served import Model


@dataclass(frozen=True)
class Prepared:
    """A frame, decoded and cut, before any inference."""

    width: int
    height: int
    regions: tuple[Region, ...]  # within the frame
    crops: tuple[tuple[Model, Crops], ...]  # for each session that is to judge; what is squeezed of them after them
    quality: Quality | None  # None of crops that a client cut: there was no frame to look at


@dataclass(frozen=True)
class Done:
    """A frame with everything that its answer is made of; `outputs[i]` belongs to `prepared.crops[i]`."""

    prepared: Prepared
    outputs: tuple[Outputs, ...]


@dataclass(eq=False)
class Job:
    """One frame, from the queue until it is done."""

    prepare: Callable[[], Prepared]  # decodes and crops; runs on a lane
    deadline: float  # seconds on the monotonic clock
    camera: str
    clock: Clock
    crops: int = 1  # that it may need, of all regions for all sessions
    stream: object | None = None  # that it is a frame of
    priority: int = DEFAULT_PRIORITY  # among the frames of its camera
    future: "Future[Done]" = field(default_factory=Future)
    waits_since: float | None = field(default_factory=perf_counter)
    batches_running: int = 0  # that have crops of it
    _infers_since: float = 0.0
    _inferred_until: float = 0.0
    _prepared: Prepared | None = None
    _outputs: dict[int, Outputs] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def check(self, stage: str) -> None:
        """Stops work that nobody waits for.

        Raises:
            ClientGone: the client left.
            DeadlineMissed: it is too late to begin `stage`.
        """
        if self.future.cancelled():
            raise ClientGone
        if monotonic() >= self.deadline:
            raise DeadlineMissed(stage)

    @property
    def weight(self) -> int:
        """What it costs, roughly: its decode is as much as a crop."""
        return 1 + self.crops

    @property
    def is_prepared(self) -> bool:
        """Whether a lane has decoded and cut it."""
        return self._prepared is not None

    def shares(self) -> "list[Share]":
        """Decodes and crops, on the calling thread; what `prepare` raises, it raises."""
        self.end_wait()
        self.check("decode")
        prepare, self.prepare = self.prepare, _once  # it holds the body, which nobody needs any more
        self._prepared = prepare()
        self.waits_since = perf_counter()
        return [Share(self, slot, session, crops.pixels) for slot, (session, crops) in enumerate(self._prepared.crops)]

    def end_wait(self) -> None:
        """Books the time since the last stage as queueing; once per wait, however many shares end it."""
        with self._lock:
            if self.waits_since is not None:
                self.clock.add("queue", perf_counter() - self.waits_since)
                self.waits_since = None

    def begin_inference(self) -> None:
        """A batch that this frame has a part in begins; several may run at once."""
        with self._lock:
            if not self.batches_running:
                self._infers_since = perf_counter()
            self.batches_running += 1

    def end_inference(self) -> None:
        """It ends, failed or not; time is booked once, however many batches shared it."""
        with self._lock:
            self.batches_running -= 1
            if not self.batches_running:
                self.clock.add("inference", perf_counter() - self._infers_since)

    def add_inference(self, began: float, ended: float) -> None:
        """Books one that another process did, by `perf_counter`; what overlaps with the one before is booked once."""
        if (fresh := ended - max(began, self._inferred_until)) > 0:
            self.clock.add("inference", fresh)
            self._inferred_until = ended

    def fill(self, slot: int, outputs: Outputs) -> None:
        """Takes the outputs of one share; the last one settles the job."""
        assert self._prepared is not None, "shares come from a prepared job"
        with self._lock:
            self._outputs[slot] = outputs
            if len(self._outputs) < len(self._prepared.crops):
                return
        done = Done(self._prepared, tuple(self._outputs[i] for i in range(len(self._outputs))))
        self._settle(lambda: self.future.set_result(done))

    def fail(self, error: BaseException) -> None:
        """Settles the job with an error; a job that is settled already stays as it is."""
        self.end_wait()
        self._settle(lambda: self.future.set_exception(error))

    def _settle(self, how: Callable[[], None]) -> None:
        # The client may leave at this very moment; a future that it has cancelled takes no result.
        with suppress(InvalidStateError):
            how()


def _once() -> Prepared:
    raise RuntimeError("a frame is prepared once")


@dataclass(eq=False)
class Share:
    """The crops of one job for one session."""

    job: Job
    slot: int
    session: Model  # or what stands for it, where another process has it
    pixels: Pixels  # uint8 [J, h, w, 3]
    since: float = field(default_factory=monotonic)
    _outputs: dict[int, Outputs] = field(default_factory=dict)  # by the first of their crops
    _lock: Lock = field(default_factory=Lock)

    def take(self, first: int, outputs: Outputs) -> None:
        """Takes the outputs of crops from `first` on; hands all of them to the job when the last are there."""
        if len(outputs.logits) == len(self.pixels):
            self.job.fill(self.slot, outputs)
            return
        with self._lock:
            self._outputs[first] = outputs
            if sum(len(part.logits) for part in self._outputs.values()) < len(self.pixels):
                return
        logits, embedding = zip(*(part for _, part in sorted(self._outputs.items())), strict=True)
        self.job.fill(self.slot, Outputs(np.concatenate(logits), np.concatenate(embedding)))
