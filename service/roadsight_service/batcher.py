"""Crops in, logits out; knows no HTTP.

    Share(s) --accept--> batches of one session --run--> Outputs, split and settled per share
                         DeadlineMissed, ClientGone        (a failed batch fails its own shares, nothing else)

Two ways behind one interface, chosen by the execution provider: on CPU the calling lane infers at once what it
brings, and lanes that have nothing to do take a part of it; on GPU one thread a session forms batches, at most the
largest bucket, and keeps one in flight.
"""

import math
from collections.abc import Sequence
from functools import partial
from time import monotonic
from typing import Protocol

from roadsight_models.session import Session
from roadsight_service.errand import Errand
from roadsight_service.frame_queue import FrameQueue
from roadsight_service.inference import infer, pack
from roadsight_service.metrics import Metrics
from roadsight_service.served import Model
from roadsight_service.session_queue import SessionQueue
from roadsight_service.work import Job, Share

# Four crops of 160 x 160: a core is no faster with more, and ONNX Runtime keeps the memory of its largest batch.
PIXELS_AT_ONCE = 4 * 160 * 160


class Batcher(Protocol):
    """Where lanes bring their crops."""

    round_s: float  # how long a lane should work on waiting frames before it brings their crops

    def accept(self, shares: Sequence[Share]) -> None:
        """Takes shares; each is settled sooner or later, now or on another thread."""

    def close(self, within_s: float) -> None:
        """Settles what is left and stops; gives up on a thread that hangs longer."""


def make_batcher(
    sessions: Sequence[Session], metrics: Metrics, queue: FrameQueue[Job, Errand], batch_crops: int, delay_s: float
) -> Batcher:
    """Chooses by where the sessions run."""
    if all(session.provider == "cpu" for session in sessions):
        return InlineBatcher(metrics, queue, batch_crops)
    return QueuedBatcher(sessions, metrics, batch_crops, delay_s)


def by_session(shares: Sequence[Share]) -> list[list[Share]]:
    """The shares of each session."""
    groups: dict[int, list[Share]] = {}
    for share in shares:
        groups.setdefault(id(share.session), []).append(share)
    return list(groups.values())


def most_crops(session: Model, batch_crops: int) -> int:
    """How many crops a core infers at once."""
    rule = session.manifest.input
    return max(1, min(batch_crops, PIXELS_AT_ONCE // (rule.width * rule.height)))


class InlineBatcher:
    """Infers on the lane that calls, in batches of a size that suits a core; other lanes may take a part of them."""

    round_s = 0.03  # a fuller batch costs less a crop, but its frames are answered together

    def __init__(self, metrics: Metrics, queue: FrameQueue[Job, Errand], batch_crops: int) -> None:
        self._metrics, self._queue, self._batch_crops = metrics, queue, batch_crops

    def accept(self, shares: Sequence[Share]) -> None:
        """Infers now, for one lane's time; what is left then waits for its camera's next turn."""
        large = {share.job.camera: list[Share]() for share in shares if self._is_large(share)}
        small = list[Share]()
        for share in shares:
            large.get(share.job.camera, small).append(share)
        errands = [self._errand(group) for group in (small, *large.values()) if group]
        if not errands:
            return
        now, *later = errands  # later: when it is their camera's turn
        for errand in (now, *later) if len(now) > 1 else later:
            self._queue.put_errand(errand)
        now.help(self.round_s)

    def _errand(self, shares: Sequence[Share]) -> Errand:
        batches = [batch for group in by_session(shares) for batch in pack(group, self._crops_at_once(group))]
        deadline = min(share.job.deadline for share in shares)
        return Errand(
            shares[0].job.camera,
            deadline,
            [partial(infer, batch, self._metrics.batch_size.observe) for batch in batches],
        )

    def _is_large(self, share: Share) -> bool:
        """Whether it takes more than a batch: then it must not share one, or the turns, with another camera's."""
        return len(share.pixels) > most_crops(share.session, self._batch_crops)

    def _crops_at_once(self, group: Sequence[Share]) -> int:
        crops = sum(len(share.pixels) for share in group)
        return max(1, min(most_crops(group[0].session, self._batch_crops), math.ceil(crops / (self._queue.idle + 1))))

    def close(self, within_s: float) -> None:
        """Does nothing: what is left waits in the queue, and lanes finish that before they stop."""


class QueuedBatcher:
    """Forms batches for a GPU: as large as may be, no later than the delay or the first deadline allows."""

    round_s = 0.0

    def __init__(self, sessions: Sequence[Session], metrics: Metrics, batch_crops: int, delay_s: float) -> None:
        observe = metrics.batch_size.observe
        self._queues = {id(session): SessionQueue(observe, batch_crops, delay_s) for session in sessions}

    def accept(self, shares: Sequence[Share]) -> None:
        """Queues the shares; holds the lane back while a session has more than it can take, until their deadline."""
        for share in shares:
            self._queues[id(share.session)].put(share)

    def close(self, within_s: float) -> None:
        """Infers what waits, then stops the threads."""
        until = monotonic() + within_s
        for queue in self._queues.values():
            queue.close(max(0.0, until - monotonic()))
