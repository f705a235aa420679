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
from roadsight_service.frame_queue import FrameQueue
from roadsight_service.inference import infer, pack
from roadsight_service.metrics import Metrics
from roadsight_service.session_queue import SessionQueue
from roadsight_service.work import Share


class Batcher(Protocol):
    """Where lanes bring their crops."""

    frames_at_once: int  # how many waiting frames a lane should decode before it brings their crops

    def accept(self, shares: Sequence[Share]) -> None:
        """Takes shares; each is settled sooner or later, now or on another thread."""

    def close(self, within_s: float) -> None:
        """Settles what is left and stops; gives up on a thread that hangs longer."""


def make_batcher(
    sessions: Sequence[Session], metrics: Metrics, queue: FrameQueue, batch_crops: int, delay_s: float
) -> Batcher:
    """Chooses by where the sessions run."""
    if all(session.provider == "cpu" for session in sessions):
        return InlineBatcher(metrics, queue, batch_crops)
    return QueuedBatcher(sessions, metrics, batch_crops, delay_s)


class InlineBatcher:
    """Infers on the lane that calls, all it brings for one session in one go; in parts, if other lanes are idle."""

    frames_at_once = 8

    def __init__(self, metrics: Metrics, queue: FrameQueue, batch_crops: int) -> None:
        self._metrics, self._queue, self._batch_crops = metrics, queue, batch_crops

    def accept(self, shares: Sequence[Share]) -> None:
        """Infers now; every share is settled on return."""
        by_session: dict[int, list[Share]] = {}
        for share in shares:
            by_session.setdefault(id(share.session), []).append(share)
        batches = [batch for group in by_session.values() for batch in pack(group, self._crops_at_once(group))]
        self._queue.share([partial(infer, batch, self._metrics) for batch in batches])

    def _crops_at_once(self, group: Sequence[Share]) -> int:
        crops = sum(len(share.pixels) for share in group)
        return max(1, min(self._batch_crops, math.ceil(crops / (self._queue.idle + 1))))

    def close(self, within_s: float) -> None:
        """Nothing is ever left."""


class QueuedBatcher:
    """Forms batches for a GPU: as large as may be, no later than the delay or the first deadline allows."""

    frames_at_once = 1

    def __init__(self, sessions: Sequence[Session], metrics: Metrics, batch_crops: int, delay_s: float) -> None:
        self._queues = {id(session): SessionQueue(metrics, batch_crops, delay_s) for session in sessions}

    def accept(self, shares: Sequence[Share]) -> None:
        """Queues the shares; holds the lane back while a session has more than it can take, until their deadline."""
        for share in shares:
            self._queues[id(share.session)].put(share)

    def close(self, within_s: float) -> None:
        """Infers what waits, then stops the threads."""
        until = monotonic() + within_s
        for queue in self._queues.values():
            queue.close(max(0.0, until - monotonic()))
