"""Where the end of a lane's piece is noted.

what came of it, or what went wrong --Place--> Reply
"""

from collections.abc import Callable
from concurrent.futures import Future
from mmap import mmap
from typing import Any

from roadsight_service.examine import judged
from roadsight_service.metrics import Clock
from roadsight_service.processes import wire
from roadsight_service.processes.wire import Piece, Reply
from roadsight_service.work import Done


class Place(Future[Done]):
    """A job's future. It is no more of one than a job needs: a real one takes longer to make."""

    def __init__(self, piece: Piece, clock: Clock, gone: mmap, send: Callable[[Reply], None]) -> None:
        self.piece = piece
        self._clock, self._gone, self._send = clock, gone, send
        self._is_settled = False

    def cancelled(self) -> bool:
        """Whether nobody waits for it any more."""
        return self._gone[self.piece.slot] != 0

    def done(self) -> bool:
        """Whether there is nothing left to do."""
        return self._is_settled or self.cancelled()

    def set_result(self, result: Done) -> None:
        """Says what is seen, or what the graph gave."""
        try:
            with self._clock.stage("postprocess"):
                said = _as_it_is(result) if self.piece.cut else _judged(result, self.piece)
        except Exception as error:  # belongs to this frame; the lane lives on
            self.set_exception(error)
        else:
            width, height, rows, looks = said
            self._settle(Reply(self.piece.slot, None, width, height, rows, self._clock.spent, looks))

    def set_exception(self, exception: BaseException | None) -> None:
        """Says what went wrong."""
        wrong = wire.described(exception or RuntimeError())
        self._settle(Reply(self.piece.slot, wrong, 0, 0, (), self._clock.spent, ()))

    def _settle(self, reply: Reply) -> None:
        if not self._is_settled:
            self._is_settled = True
            self._send(reply)


def _judged(done: Done, piece: Piece) -> tuple[int, int, tuple[Any, ...], tuple[Any, ...]]:
    """Width, height, rows and quality, for a reply."""
    seen = judged(done, piece.top, piece.squeezed)
    rows = tuple([tuple(map(wire.plain, row)) for row in seen.judgements])
    return seen.width, seen.height, rows, tuple(seen.quality)


def _as_it_is(done: Done) -> tuple[int, int, tuple[Any, ...], tuple[Any, ...]]:
    """The same of crops that the client cut: what the graph gave for each."""
    logits, embedding = done.outputs[0]
    return 0, 0, tuple((one.tobytes(), other.tobytes()) for one, other in zip(logits, embedding, strict=True)), ()
