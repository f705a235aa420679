"""Crops in, logits out; knows no HTTP.

    Share(s) --accept--> batches of one session --run--> Outputs, split and settled per share
                         DeadlineMissed, ClientGone        (a failed batch fails its own shares, nothing else)

Two ways behind one interface, chosen by the execution provider: on CPU the calling lane infers at once what it
brings, and lanes that have nothing to do take a part of it; on GPU one thread a session forms batches and keeps one
in flight.
"""

import math
from collections.abc import Sequence
from functools import partial
from threading import Condition, Thread
from time import monotonic, perf_counter
from typing import Protocol

from roadsight_models.errors import Draining
from roadsight_models.session import Session
from roadsight_service.frame_queue import FrameQueue
from roadsight_service.inference import infer, pack
from roadsight_service.metrics import Metrics
from roadsight_service.work import Share

# Four crops of 160 x 160: a core is no faster with more, and ONNX Runtime keeps the memory of its largest batch.
PIXELS_AT_ONCE = 4 * 160 * 160
_MARGIN_S = 0.005  # what an answer needs after its inference


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
        crops, rule = sum(len(share.pixels) for share in group), group[0].session.manifest.input
        most = min(self._batch_crops, PIXELS_AT_ONCE // (rule.width * rule.height))
        return max(1, min(most, math.ceil(crops / (self._queue.idle + 1))))

    def close(self, within_s: float) -> None:
        """Nothing is ever left."""


class QueuedBatcher:
    """Forms batches for a GPU: as large as may be, no later than the delay or the first deadline allows."""

    frames_at_once = 1

    def __init__(self, sessions: Sequence[Session], metrics: Metrics, batch_crops: int, delay_s: float) -> None:
        self._queues = {id(session): _SessionQueue(metrics, batch_crops, delay_s) for session in sessions}

    def accept(self, shares: Sequence[Share]) -> None:
        """Queues the shares; holds the lane back while a session has more than it can take."""
        for share in shares:
            self._queues[id(share.session)].put(share)

    def close(self, within_s: float) -> None:
        """Infers what waits, then stops the threads."""
        for queue in self._queues.values():
            queue.close(within_s)


class _SessionQueue:
    def __init__(self, metrics: Metrics, batch_crops: int, delay_s: float) -> None:
        self._metrics, self._batch_crops, self._delay_s = metrics, batch_crops, delay_s
        self._waiting: list[Share] = []
        self._changed = Condition()
        self._closed = False
        self._last_run_s = 0.0
        self._thread = Thread(target=self._serve, name="batcher", daemon=True)
        self._thread.start()

    def put(self, share: Share) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._crops() < 4 * self._batch_crops)
            if self._closed:
                share.job.fail(Draining("the service is going down"))
                return
            self._waiting.append(share)
            self._changed.notify_all()

    def close(self, within_s: float) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(within_s)

    def _crops(self) -> int:
        return sum(len(share.pixels) for share in self._waiting)

    def _serve(self) -> None:
        while batch := self._next_batch():
            start = perf_counter()
            for part in pack(batch, self._batch_crops):
                infer(part, self._metrics)
            self._last_run_s = perf_counter() - start

    def _next_batch(self) -> list[Share]:
        """Waits for a first share, then for company until the batch is full or time is up; empty once closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._waiting)
            since = monotonic()
            while not self._closed and self._crops() < self._batch_crops:
                first_deadline = min(share.job.deadline for share in self._waiting)
                until = min(since + self._delay_s, first_deadline - 2 * self._last_run_s - _MARGIN_S)
                if (left := until - monotonic()) <= 0:
                    break
                self._changed.wait(left)
            batch = self._pop_batch()
            self._changed.notify_all()
            return batch

    def _pop_batch(self) -> list[Share]:
        """The most urgent shares that fit into one batch, at least one; the others wait on."""
        self._waiting.sort(key=lambda share: share.job.deadline)
        count, crops = 0, 0
        for share in self._waiting:
            crops += len(share.pixels)
            if count and crops > self._batch_crops:
                break
            count += 1
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        return batch
