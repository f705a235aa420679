"""Crops in, logits out; knows no HTTP.

    Share(s) --accept--> batches of one session --run--> Outputs, split and settled per share
                         DeadlineMissed, ClientGone        (a failed batch fails its own shares, nothing else)

Two ways behind one interface, chosen by the execution provider: on CPU the calling lane infers at once what it
brings; on GPU one thread a session forms batches and keeps one in flight.
"""

from collections.abc import Iterator, Sequence
from threading import Condition, Thread
from time import monotonic, perf_counter
from typing import Protocol

import numpy as np

from roadsight_models.errors import DeadlineMissed, Draining
from roadsight_models.frame import Pixels
from roadsight_models.session import Outputs, Session
from roadsight_service.metrics import Metrics
from roadsight_service.work import ClientGone, Share

_MARGIN_S = 0.005  # what an answer needs after its inference


class Batcher(Protocol):
    """Where lanes bring their crops."""

    frames_at_once: int  # how many waiting frames a lane should decode before it brings their crops

    def accept(self, shares: Sequence[Share]) -> None:
        """Takes shares; each is settled sooner or later, now or on another thread."""

    def close(self, within_s: float) -> None:
        """Settles what is left and stops; gives up on a thread that hangs longer."""


def make_batcher(sessions: Sequence[Session], metrics: Metrics, batch_crops: int, delay_s: float) -> Batcher:
    """Chooses by where the sessions run."""
    if all(session.provider == "cpu" for session in sessions):
        return InlineBatcher(metrics, batch_crops)
    return QueuedBatcher(sessions, metrics, batch_crops, delay_s)


class InlineBatcher:
    """Infers on the lane that calls, all it brings for one session in one go."""

    frames_at_once = 8

    def __init__(self, metrics: Metrics, batch_crops: int) -> None:
        self._metrics, self._batch_crops = metrics, batch_crops

    def accept(self, shares: Sequence[Share]) -> None:
        """Infers now; every share is settled on return."""
        by_session: dict[int, list[Share]] = {}
        for share in shares:
            by_session.setdefault(id(share.session), []).append(share)
        for group in by_session.values():
            infer(group, self._metrics, self._batch_crops)

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
            infer(batch, self._metrics, self._batch_crops)
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


def infer(shares: Sequence[Share], metrics: Metrics, batch_crops: int) -> None:
    """Runs the crops of one session, at most `batch_crops` at a time; a share is settled with its last crop.

    Who has left, or is too late, is dropped before each batch.
    """
    for batch in _pack(shares, batch_crops):
        alive = [(share, pixels) for share, pixels in batch if _is_alive(share)]
        if alive:
            _run(alive, metrics)


def _pack(shares: Sequence[Share], batch_crops: int) -> Iterator[list[tuple[Share, Pixels]]]:
    """Fills batches in order; only a share of more than a whole batch is divided."""
    batch: list[tuple[Share, Pixels]] = []
    size = 0
    for share in shares:
        for first in range(0, max(len(share.pixels), 1), batch_crops):
            pixels = share.pixels[first : first + batch_crops]
            if size + len(pixels) > batch_crops:
                yield batch
                batch, size = [], 0
            batch.append((share, pixels))
            size += len(pixels)
    yield batch


def _is_alive(share: Share) -> bool:
    share.job.end_wait()
    if share.job.future.done():
        return False
    try:
        share.job.check("inference")
    except (ClientGone, DeadlineMissed) as error:
        share.job.fail(error)
        return False
    return True


def _run(batch: Sequence[tuple[Share, Pixels]], metrics: Metrics) -> None:
    session, start = batch[0][0].session, perf_counter()
    try:
        outputs = _outputs(session, np.concatenate([pixels for _, pixels in batch]), metrics)
    except Exception as error:  # whatever the runtime raises belongs to these shares; the thread lives on
        for share, _ in batch:
            share.job.book_inference(perf_counter() - start)
            share.job.fail(error)
        return
    seconds, first = perf_counter() - start, 0
    for share, pixels in batch:
        last = first + len(pixels)
        share.job.book_inference(seconds)
        share.take(Outputs(outputs.logits[first:last], outputs.embedding[first:last]))
        first = last


def _outputs(session: Session, pixels: Pixels, metrics: Metrics) -> Outputs:
    if not len(pixels):
        return Outputs(np.empty((0, len(session.manifest.labels)), np.float32), np.empty((0, 0), np.float32))
    metrics.batch_size.observe(len(pixels))
    outputs = session.run(pixels)
    if len(outputs.logits) != len(pixels):
        raise RuntimeError(f"{len(pixels)} crops went in, {len(outputs.logits)} logits came out")
    return outputs
