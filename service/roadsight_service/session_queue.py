"""What waits for one session on a GPU, and how it becomes batches.

    Share --put--> waiting --next batch--> the most urgent that fit --infer--> settled
          DeadlineMissed, Draining         DeadlineMissed, ClientGone

A batch goes when it is full, or when its first crop has waited for the delay, or when a deadline asks for it.
"""

from collections.abc import Callable
from threading import Condition, Thread
from time import monotonic, perf_counter

from roadsight_models.errors import DeadlineMissed, Draining
from roadsight_service.inference import infer, pack
from roadsight_service.work import Share

_MARGIN_S = 0.005  # what an answer needs after its inference


class SessionQueue:
    """Crops that wait for one session, and the thread that runs it."""

    def __init__(self, observe: Callable[[int], None], batch_crops: int, delay_s: float) -> None:
        """Starts the thread.

        Args:
            observe: is told how many crops are in each batch, before that is inferred.
            batch_crops: most of them in one.
            delay_s: how long the first may wait for others.
        """
        self._observe, self._batch_crops, self._delay_s = observe, batch_crops, delay_s
        self._waiting: list[Share] = []
        self._changed = Condition()
        self._closed = False
        self._last_run_s = 0.0
        self._thread = Thread(target=self._serve, name="batcher", daemon=True)
        self._thread.start()

    def put(self, share: Share) -> None:
        """Lets a share wait; holds the caller back while more waits than four batches, as long as somebody asks."""
        job = share.job
        with self._changed:
            if self._is_full():
                job.future.add_done_callback(self._wake)
            within_s = max(0.0, job.deadline - monotonic())
            self._changed.wait_for(lambda: self._closed or not self._is_full() or job.future.done(), within_s)
            if self._closed or self._is_full():
                job.fail(Draining("the service is going down") if self._closed else DeadlineMissed("inference"))
                return
            self._waiting.append(share)
            self._changed.notify_all()

    def _wake(self, _: object) -> None:
        with self._changed:
            self._changed.notify_all()

    def close(self, within_s: float) -> None:
        """Infers what waits, then stops the thread; gives up on one that hangs longer."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(within_s)

    def _is_full(self) -> bool:
        return self._crops() >= 4 * self._batch_crops

    def _crops(self) -> int:
        return sum(len(share.pixels) for share in self._waiting)

    def _serve(self) -> None:
        while batch := self._next_batch():
            start = perf_counter()
            for part in pack(batch, self._batch_crops):
                infer(part, self._observe)
            self._last_run_s = perf_counter() - start

    def _next_batch(self) -> list[Share]:
        """Waits for a first share, then for company until the batch is full or time is up; empty once closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._waiting)
            while not self._closed and self._crops() < self._batch_crops:
                oldest = min(share.since for share in self._waiting)
                first_deadline = min(share.job.deadline for share in self._waiting)
                until = min(oldest + self._delay_s, first_deadline - 2 * self._last_run_s - _MARGIN_S)
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
