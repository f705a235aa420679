"""A frame's stay in the machine room: what lanes and batcher pass to each other.

    Job (prepare, deadline, camera) --prepare--> Share(s): crops for one session each --fill--> Job.future
                                    DeadlineMissed, ClientGone

Whoever waits cancels `future` to leave; work on a cancelled job stops at the next check.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic, perf_counter

from roadsight_models.errors import DeadlineMissed
from roadsight_models.frame import Pixels
from roadsight_models.session import Outputs, Session
from roadsight_service.metrics import Clock

Prepare = Callable[[], Sequence[tuple[Session, Pixels]]]


class ClientGone(Exception):
    """Whoever asked has left; the work is not worth doing. No client ever sees it."""


@dataclass(eq=False)
class Job:
    """One frame, from the queue to its outputs: one `Outputs` per session, in the order that `prepare` gave."""

    prepare: Prepare  # decodes and crops; runs on a lane
    deadline: float  # seconds on the monotonic clock
    camera: str
    clock: Clock
    future: "Future[list[Outputs]]" = field(default_factory=Future)
    _waits_since: float | None = field(default_factory=perf_counter)
    _outputs: dict[int, Outputs] = field(default_factory=dict)
    _missing: int = 0
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

    def shares(self) -> "list[Share]":
        """Decodes and crops, on the calling thread; what `prepare` raises, it raises."""
        self.end_wait()
        self.check("decode")
        prepared = self.prepare()
        self._missing = len(prepared)
        self._waits_since = perf_counter()
        return [Share(self, slot, session, pixels) for slot, (session, pixels) in enumerate(prepared)]

    def end_wait(self) -> None:
        """Books the time since the last stage as queueing; once per wait, however many shares end it."""
        with self._lock:
            if self._waits_since is not None:
                self.clock.add("queue", perf_counter() - self._waits_since)
                self._waits_since = None

    def fill(self, slot: int, outputs: Outputs, seconds: float) -> None:
        """Takes the outputs of one share and the time of its batch; the last one settles the job."""
        with self._lock:
            self.clock.add("inference", seconds)
            self._outputs[slot] = outputs
            done = len(self._outputs) == self._missing
        if done:
            self._settle(lambda: self.future.set_result([self._outputs[i] for i in range(self._missing)]))

    def fail(self, error: BaseException) -> None:
        """Settles the job with an error; a job that is settled already stays as it is."""
        self._settle(lambda: self.future.set_exception(error))

    def _settle(self, how: Callable[[], None]) -> None:
        # The client may leave at this very moment; a future that it has cancelled takes no result.
        with suppress(InvalidStateError):
            how()


@dataclass(eq=False)
class Share:
    """The crops of one job for one session."""

    job: Job
    slot: int
    session: Session
    pixels: Pixels  # uint8 [J, h, w, 3]
