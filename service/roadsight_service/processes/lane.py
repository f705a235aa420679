"""A lane: a process of one thread that decodes, cuts, infers and judges, round by round.

socket --Piece(s)--> Job(s) --shares--> batches --infer, judged or as they are--> Reply(s) --> socket
                     ClientGone, DeadlineMissed (before each step)
"""

import marshal
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial
from mmap import mmap
from socket import socket
from time import monotonic
from typing import IO, Any

from roadsight_models.raw_layout import Layout
from roadsight_models.regions import Box, Region
from roadsight_models.session import Session
from roadsight_service.batcher import by_session, most_crops
from roadsight_service.examine import judged, prepare, unpack
from roadsight_service.inference import infer, pack
from roadsight_service.metrics import Clock
from roadsight_service.processes import wire
from roadsight_service.processes.wire import HEAD, Piece, Reply
from roadsight_service.settings import Settings
from roadsight_service.work import Done, Job, Share


class Lane:
    """The work of one process."""

    def __init__(self, line: socket, sessions: Mapping[str, Session], gone: mmap, settings: Settings) -> None:
        """Takes over a socket.

        Args:
            line: to the serving process.
            sessions: by task, warm.
            gone: a byte a slot; it is not 0 once nobody waits for the piece.
            settings: of the service.
        """
        self._line, self._sessions, self._gone, self._settings = line, sessions, gone, settings
        self._replies: list[Reply] = []
        self._batches: list[int] = []

    def work(self) -> None:
        """Works until the serving process hangs up."""
        incoming = self._line.makefile("rb")
        while head := incoming.read(HEAD.size):
            self._round([Piece(*each) for each in marshal.loads(incoming.read(*HEAD.unpack(head)))], incoming)

    def _round(self, pieces: list[Piece], incoming: IO[bytes]) -> None:
        start, shares = monotonic(), list[Share]()
        for piece in pieces:
            job = self._job(piece, incoming.read(piece.body_bytes))
            try:
                shares += job.shares()
            except Exception as error:  # a frame that can't be prepared fails alone; the lane lives on
                job.fail(error)
        for group in by_session(shares):
            for batch in pack(group, most_crops(group[0].session, self._settings.batch_crops)):
                if self._replies:  # who is done need not wait for the others
                    self._report(None)
                infer(batch, self._batches.append)
        self._report(monotonic() - start)

    def _job(self, piece: Piece, body: bytes) -> Job:
        clock, sessions = Clock(), [self._sessions[task] for task in piece.tasks]
        regions, part = tuple(Region(Box(*box)) for box in piece.boxes), slice(piece.first, piece.end)
        layout = None if piece.layout is None else Layout(*piece.layout)
        asked = body, regions, sessions, self._settings.max_pixels, clock
        work = partial(prepare, *asked, piece.squeezed, part, layout)
        if piece.cut:
            work = partial(unpack, body, sessions[0], clock)
        place = _Place(piece, clock, self._gone, self._replies.append)
        return Job(work, piece.deadline, "", clock, future=place)

    def _report(self, spent_s: float | None) -> None:
        replies, batches = [tuple(reply) for reply in self._replies], list(self._batches)
        self._replies.clear()
        self._batches.clear()
        self._line.sendall(wire.message((replies, batches, spent_s)))


class _Place(Future[Done]):
    """Where a job's end is noted. It is no more of a future than a job needs: a real one takes longer to make."""

    def __init__(self, piece: Piece, clock: Clock, gone: mmap, send: Callable[[Reply], None]) -> None:
        self._piece, self._clock, self._gone, self._send = piece, clock, gone, send
        self._is_settled = False

    def cancelled(self) -> bool:
        return self._gone[self._piece.slot] != 0

    def done(self) -> bool:
        return self._is_settled or self.cancelled()

    def set_result(self, result: Done) -> None:
        try:
            with self._clock.stage("postprocess"):
                said = _as_it_is(result) if self._piece.cut else _judged(result, self._piece)
        except Exception as error:  # belongs to this frame; the lane lives on
            self.set_exception(error)
        else:
            width, height, rows, looks = said
            self._settle(Reply(self._piece.slot, None, width, height, rows, self._clock.spent, looks))

    def set_exception(self, exception: BaseException | None) -> None:
        wrong = wire.described(exception or RuntimeError())
        self._settle(Reply(self._piece.slot, wrong, 0, 0, (), self._clock.spent, ()))

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
