"""The engine: the one process that holds the GPU. It opens and warms the models, and infers what lanes hand in.

settings --open_registry--> models warm --what serves--> zygote
a socket and memory, of a lane --> a thread that queues its crops --SessionQueue--> batches across lanes --> outputs
                  of a checker --> a thread that runs its batches, one by one

It ends when the zygote hangs up. If it dies, zygote and lanes end, too, and others take their place.
"""

import json
import logging
import os
from collections import deque
from mmap import mmap
from socket import recv_fds, socket
from threading import Thread

import numpy as np

from roadsight_models.errors import RoadsightError
from roadsight_models.session import Session
from roadsight_service import logs
from roadsight_service.heap import give_back_large_buffers, leave_what_is_there
from roadsight_service.processes import wire
from roadsight_service.processes.engine.check_line import CheckLine
from roadsight_service.processes.engine.lane_line import LaneLine
from roadsight_service.registry import Registry, open_registry
from roadsight_service.served import told
from roadsight_service.session_queue import SessionQueue
from roadsight_service.settings import Settings

log = logging.getLogger(__name__)


def main(line: socket, gone: mmap, settings: Settings) -> None:
    """Serves until the zygote hangs up.

    Args:
        line: to the zygote.
        gone: a byte a slot of a lane; it is not 0 once nobody waits for the piece.
        settings: of the service.
    """
    logs.begin(settings.log_level, settings.log_format)
    give_back_large_buffers()
    try:
        registry = open_registry(settings)
    except RoadsightError as error:
        _say(line, {"wrong": wire.described(error)})
        return
    _say(line, _description(registry))
    leave_what_is_there()
    Engine(registry, gone, settings).serve(line)


class Engine:
    """The models, and what waits for each."""

    def __init__(self, registry: Registry, gone: mmap, settings: Settings) -> None:
        """Starts a thread a model."""
        self._registry, self._gone = registry, gone
        self._formed = deque[int]()  # crops in each batch that no lane was told of yet
        rules = settings.batch_crops, settings.batch_delay_ms / 1e3
        self._queues = {task: SessionQueue(self._formed.append, *rules) for task in registry.sessions}

    def serve(self, line: socket) -> None:
        """Takes lanes and checkers as they come."""
        while True:
            kind, descriptors, _, _ = recv_fds(line, 1, 2)
            if not kind:
                return
            if len(descriptors) == 2:
                Thread(target=self._line(kind, *descriptors).serve, name="line", daemon=True).start()
                continue
            log.error("the engine has no descriptor left for a lane")
            for each in descriptors:
                os.close(each)

    def _line(self, kind: bytes, end: int, shared: int) -> LaneLine | CheckLine:
        memory = mmap(shared, 0)
        os.close(shared)
        if kind == wire.CHECKER:
            return CheckLine(socket(fileno=end), memory, self._registry)
        return LaneLine(socket(fileno=end), memory, self._registry.sessions, self._queues, self._gone, self._formed)


def _description(registry: Registry) -> dict[str, object]:
    """What the zygote needs to know."""
    return {
        "models": [told(session) for session in registry.sessions.values()],
        "answer_bytes": {task: _answer_bytes(session) for task, session in registry.sessions.items()},
        "gradients": list(registry.gradients),
    }


def _answer_bytes(session: Session) -> int:
    """What a graph gives for a crop."""
    rule = session.manifest.input
    return sum(output.nbytes for output in session.run(np.zeros((1, rule.height, rule.width, 3), np.uint8)))


def _say(line: socket, what: dict[str, object]) -> None:
    line.sendall(json.dumps(what).encode() + b"\n")
