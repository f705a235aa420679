"""A lane, as the engine has it: what it hands in waits for its session with what others hand in.

Ask --LaneLine--> Share --SessionQueue--> batch --infer--> outputs, where the crops lay --Told--> lane
                  ClientGone, DeadlineMissed
"""

from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from mmap import mmap
from socket import SHUT_RDWR, socket
from time import perf_counter
from typing import Any

from roadsight_models.preprocess import Crops
from roadsight_models.session import Session
from roadsight_service.metrics import Clock
from roadsight_service.processes.engine import wire
from roadsight_service.processes.engine.hanging import described
from roadsight_service.processes.engine.memory import Laid, lay, pick_up
from roadsight_service.processes.engine.wire import Ask, Told
from roadsight_service.processes.wire import Wrong
from roadsight_service.session_queue import SessionQueue
from roadsight_service.work import Done, Job, Prepared


class LaneLine:
    """The far end of a lane's line."""

    def __init__(
        self,
        line: socket,
        memory: mmap,
        sessions: Mapping[str, Session],
        queues: Mapping[str, SessionQueue],
        gone: mmap,
        formed: deque[int],
    ) -> None:
        """Takes over a socket.

        Args:
            line: to the lane.
            memory: that both have, for crops and outputs.
            sessions: by task.
            queues: of these.
            gone: a byte a slot; it is not 0 once nobody waits for the piece.
            formed: crops in each batch that no lane was told of yet, whoever has a part in it.
        """
        self._line, self._memory, self._sessions, self._queues = line, memory, sessions, queues
        self._gone, self._formed = gone, formed
        self._is_lost = False

    def serve(self) -> None:
        """Queues what comes until the lane is gone; then nobody waits for what it has handed in."""
        try:
            with suppress(OSError):
                while (said := wire.receive(self._line)) is not None:
                    self._take(Ask(*said))
        finally:
            self._is_lost = True
            self._line.close()

    def is_gone(self, slot: int) -> bool:
        """Whether nobody waits any more for what was asked for a slot."""
        return self._is_lost or self._gone[slot] != 0

    def _take(self, ask: Ask) -> None:
        (pixels,) = pick_up(self._memory, ask.at, ask.laid)
        prepared = Prepared(0, 0, (), ((self._sessions[ask.task], Crops(pixels, ())),), None)
        clock = Clock()
        job = Job(lambda: prepared, ask.deadline, "", clock, future=_Awaited(ask, clock, self))
        try:
            for share in job.shares():
                self._queues[ask.task].put(share)
        except Exception as error:  # belongs to this frame; the line lives on
            job.fail(error)

    def lay(self, ask: Ask, done: Done) -> Laid:
        """Puts the outputs where the crops lay."""
        logits, embedding = done.outputs[0]
        return lay(self._memory, ask.at, (logits, embedding) if ask.whole else (logits,))

    def tell(self, ask: Ask, wrong: Wrong | None, laid: Laid, inference_s: float) -> None:
        """Says what became of what was asked; a lane that is lost, or does not listen, is hung up on."""
        ended = perf_counter() if inference_s else 0.0
        try:
            batch = self._formed.popleft()
        except IndexError:  # somebody else in the batch was faster
            batch = 0
        try:
            wire.send(self._line, tuple(Told(ask.key, wrong, laid, ended - inference_s, ended, batch)))
        except OSError:
            with suppress(OSError):
                self._line.shutdown(SHUT_RDWR)  # `serve` sees it, as the lane does


class _Awaited(Future[Done]):
    """Where the end of what was asked is noted; it is no more of a future than a job needs.

    Whoever asked is told, also if nobody waits any more: until then the memory is not free.
    """

    def __init__(self, ask: Ask, clock: Clock, lane: LaneLine) -> None:
        self._ask, self._clock, self._lane = ask, clock, lane
        self._is_told = False

    def cancelled(self) -> bool:
        return self._lane.is_gone(self._ask.slot)

    def done(self) -> bool:
        return self._is_told

    def add_done_callback(self, fn: Callable[[Future[Done]], Any]) -> None:
        """Calls nothing: a byte in memory can't. Who waits looks again after each batch."""

    def set_result(self, result: Done) -> None:
        try:
            laid = self._lane.lay(self._ask, result)
        except Exception as error:  # belongs to this frame
            self.set_exception(error)
        else:
            self._tell(None, laid)

    def set_exception(self, exception: BaseException | None) -> None:
        self._tell(described(exception or RuntimeError()), ())

    def _tell(self, wrong: Wrong | None, laid: Laid) -> None:
        if not self._is_told:
            self._is_told = True
            self._lane.tell(self._ask, wrong, laid, self._clock.spent.get("inference", 0.0))
