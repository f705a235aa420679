"""A lane: a process of one thread that decodes, cuts and judges, round by round, and infers or has it done.

socket --Piece(s)--> Job(s) --shares--> Inference --judged, or as it is--> Reply(s) --> socket
                     ClientGone, DeadlineMissed (before each step)
"""

import marshal
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from mmap import mmap
from socket import socket
from time import monotonic
from typing import IO

from roadsight_models.raw_layout import Layout
from roadsight_models.regions import Box, Region
from roadsight_service.batcher import by_session, most_crops
from roadsight_service.examine import prepare, unpack
from roadsight_service.inference import infer, pack
from roadsight_service.metrics import Clock
from roadsight_service.processes import wire
from roadsight_service.processes.place import Place
from roadsight_service.processes.wire import HEAD, Piece, Reply
from roadsight_service.served import Model
from roadsight_service.settings import Settings
from roadsight_service.work import Job, Share

# What settles all shares; it says how many crops are in each batch, and calls between two steps, for what is done then.
Inference = Callable[[Iterable[Share], Callable[[int], None], Callable[[], None]], None]


class Lane:
    """The work of one process."""

    def __init__(
        self, line: socket, models: Mapping[str, Model], inference: Inference, gone: mmap, settings: Settings
    ) -> None:
        """Takes over a socket.

        Args:
            line: to the serving process.
            models: by task.
            inference: by these.
            gone: a byte a slot; it is not 0 once nobody waits for the piece.
            settings: of the service.
        """
        self._line, self._models, self._inference, self._gone, self._settings = line, models, inference, gone, settings
        self._replies: list[Reply] = []
        self._batches: list[int] = []

    def work(self) -> None:
        """Works until the serving process hangs up."""
        incoming = self._line.makefile("rb")
        while head := incoming.read(HEAD.size):
            self._round([Piece(*each) for each in marshal.loads(incoming.read(*HEAD.unpack(head)))], incoming)

    def _round(self, pieces: list[Piece], incoming: IO[bytes]) -> None:
        start = monotonic()
        self._inference(self._shares(pieces, incoming), self._batches.append, self._report_early)
        self._report(monotonic() - start, self._batches)
        self._batches.clear()

    def _shares(self, pieces: list[Piece], incoming: IO[bytes]) -> Iterator[Share]:
        for piece in pieces:
            job = self._job(piece, incoming.read(piece.body_bytes))
            try:
                shares = job.shares()
            except Exception as error:  # a frame that can't be prepared fails alone; the lane lives on
                job.fail(error)
            else:
                yield from shares

    def _job(self, piece: Piece, body: bytes) -> Job:
        clock, models = Clock(), [self._models[task] for task in piece.tasks]
        regions, part = tuple(Region(Box(*box)) for box in piece.boxes), slice(piece.first, piece.end)
        layout = None if piece.layout is None else Layout(*piece.layout)
        asked = body, regions, models, self._settings.max_pixels, clock
        work = partial(prepare, *asked, piece.squeezed, part, layout)
        if piece.cut:
            work = partial(unpack, body, models[0], clock)
        place = Place(piece, clock, self._gone, self._replies.append)
        return Job(work, piece.deadline, "", clock, future=place)

    def _report_early(self) -> None:
        """Who is done need not wait for the others."""
        if self._replies:
            self._report(None, ())

    def _report(self, spent_s: float | None, batches: Iterable[int]) -> None:
        replies = [tuple(reply) for reply in self._replies]
        self._replies.clear()
        self._line.sendall(wire.message((replies, list(batches), spent_s)))


def infer_here(
    batch_crops: int, shares: Iterable[Share], observe: Callable[[int], None], between: Callable[[], None]
) -> None:
    """An `Inference` by this process, in batches of a size that suits a core; `batch_crops` is most of them in one."""
    for group in by_session(list(shares)):
        for batch in pack(group, most_crops(group[0].session, batch_crops)):
            between()
            infer(batch, observe)
