"""Where a lane hands crops to the engine, and takes what comes of them.

Share(s) --Hatch--> shared memory, Ask(s) ~~> engine ~~> Told --> outputs, taken by each share
         ClientGone, DeadlineMissed           it hangs: it is ended, and the lane ends with it

All crops of a round go to the engine as they are cut, so that its batches are full and the GPU works while the lane
decodes. Then the lane waits, which costs no core.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from itertools import count
from mmap import mmap
from socket import socket
from time import monotonic
from typing import Any, NamedTuple

import numpy as np

from roadsight_models.session import Outputs
from roadsight_service.inference import Part, is_alive, nothing, pack
from roadsight_service.processes.engine import wire
from roadsight_service.processes.engine.memory import lay, pick_up
from roadsight_service.processes.engine.wire import Ask, Told
from roadsight_service.processes.place import Place
from roadsight_service.processes.wire import rebuilt
from roadsight_service.work import Share

log = logging.getLogger(__name__)
PATIENCE_S = 30.0  # that the engine may take beyond the last deadline of what it has; less than the lane itself gets
BATCHES = 2  # of crops, that a lane may have handed in
MOST = 64  # parts, likewise: so many messages fit into a socket


class _Out(NamedTuple):
    """What the engine has."""

    part: Part
    at: int


class Hatch:
    """The near end of a lane's line to the engine."""

    def __init__(
        self, line: socket, memory: mmap, crop_bytes: Mapping[str, int], batch_crops: int, kill: Callable[[], None]
    ) -> None:
        """Takes over a line.

        Args:
            line: to the engine.
            memory: that both have.
            crop_bytes: by task, what a crop takes of it: its pixels, later the outputs.
            batch_crops: most crops of one part; so many of any task fit into the memory.
            kill: ends an engine that hangs.
        """
        self._line, self._memory, self._crop_bytes = line, memory, crop_bytes
        self._batch_crops, self._kill = batch_crops, kill
        self._keys = count()
        self._out: dict[int, _Out] = {}
        self._laid = 0  # bytes of memory in use; it is free again once nothing is out

    def infer(self, shares: Iterable[Share], observe: Callable[[int], None], between: Callable[[], None]) -> None:
        """An `Inference` by the engine.

        Raises:
            ConnectionError: the engine is gone.
        """
        for share in shares:
            for (part,) in pack([share], self._batch_crops):
                while self._out and not self._has_room(part):
                    self._wait(observe, between)
                self._hand_in(part)
            while self._take_back(observe, waits=False):
                pass
            between()
        while self._out:
            self._wait(observe, between)

    def _wait(self, observe: Callable[[int], None], between: Callable[[], None]) -> None:
        """Takes back what comes next, and what has come with it."""
        self._take_back(observe)
        while self._take_back(observe, waits=False):
            pass
        if self._out:  # else the round ends, and that is told with what came last
            between()

    def _has_room(self, part: Part) -> bool:
        return len(self._out) < MOST and self._laid + self._bytes(part) <= len(self._memory)

    def _bytes(self, part: Part) -> int:
        return len(part.pixels) * self._crop_bytes[part.share.session.manifest.task]

    def _hand_in(self, part: Part) -> None:
        share = part.share
        if not len(part.pixels):
            share.take(0, nothing(share.session))
            return
        if not is_alive(share):
            return
        place = share.job.future
        assert isinstance(place, Place), "a lane's jobs have those"
        key, at = next(self._keys), self._laid
        self._laid += self._bytes(part)
        self._out[key] = _Out(part, at)
        laid, task, piece = lay(self._memory, at, (part.pixels,)), share.session.manifest.task, place.piece
        wire.send(self._line, tuple(Ask(key, task, piece.slot, share.job.deadline, at, laid, piece.cut)))

    def _take_back(self, observe: Callable[[int], None], waits: bool = True) -> bool:
        """Takes what came of one part, and waits for it if that is wanted; False if there is none."""
        said = self._said(waits) if self._out else None
        if said is None:
            return False
        told = Told(*said)
        part, at = self._out.pop(told.key)
        if not self._out:
            self._laid = 0
        if told.batch:
            observe(told.batch)
        part.share.job.add_inference(told.began, told.ended)
        if told.wrong is not None:
            part.share.job.fail(rebuilt(told.wrong))
            return True
        logits, *rest = map(np.array, pick_up(self._memory, at, told.laid))
        embedding = rest[0] if rest else np.empty((len(logits), 0), np.float32)
        part.share.take(part.first, Outputs(logits, embedding))
        return True

    def _said(self, waits: bool) -> tuple[Any, ...] | None:
        until = max(out.part.share.job.deadline for out in self._out.values()) + PATIENCE_S
        self._line.settimeout(max(0.001, until - monotonic()) if waits else 0)
        try:
            said = wire.receive(self._line)
        except BlockingIOError:
            return None
        except TimeoutError as error:
            log.error("the process that holds the GPU hangs; it is ended")
            self._kill()
            raise ConnectionAbortedError("the engine hangs") from error
        if said is None:
            raise ConnectionAbortedError("the engine is gone")
        return said
