"""The process that lanes and checkers are forked from. On a CPU it opens the models once, and they share its pages.

settings --here--> models warm --what serves--> serving process
settings --a fork that holds the GPU--apart--> what stands for its models, likewise
a socket, and for what --fork--> a lane or a checker on it --its process id, or what is wrong--> serving process

It has one thread when it forks, and never touches a GPU. It ends when the serving process hangs up or the engine ends,
and its children with it.
"""

# ruff: noqa: PLC0415  (what opens models is imported at the same priority as it runs, and after the engine's birth)

import json
import logging
import os
import signal
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from mmap import mmap
from select import select
from socket import recv_fds, socket
from threading import get_native_id
from typing import TYPE_CHECKING, Any

from roadsight_service.processes.child import become
from roadsight_service.processes.engine.port import Engine
from roadsight_service.processes.priority import give_way

if TYPE_CHECKING:
    from roadsight_service.processes.nursery import Brood

log = logging.getLogger(__name__)


def main(line: int, memory: int, patient: bool, on_gpu: bool) -> None:
    """Has the models opened, says what serves, and forks a child for each socket that comes; see `cradle.main`."""
    for ignored in (signal.SIGINT, signal.SIGTERM):  # a terminal sends them to all; the serving process drains first
        signal.signal(ignored, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children that ended leave nothing behind
    serving, gone = socket(fileno=line), mmap(memory, 0)
    with serving.makefile("rb") as incoming:
        given = json.loads(incoming.readline())
    engine = Engine(serving, gone, given) if on_gpu else None
    with ThreadPoolExecutor(1) as opener:
        brood = opener.submit(_open, serving, gone, given, patient, engine).result()
    if brood is not None:
        _bear(serving, brood, engine)
    if engine is not None:
        engine.end()


def _open(line: socket, gone: mmap, given: Mapping[str, Any], patient: bool, engine: Engine | None) -> "Brood | None":
    """Gives what children are made of; None where the models can't be opened."""
    if patient:
        give_way(get_native_id())

    import cv2

    from roadsight_models.errors import RoadsightError
    from roadsight_service import logs
    from roadsight_service.heap import give_back_large_buffers, leave_what_is_there
    from roadsight_service.processes import wire
    from roadsight_service.processes.nursery import apart, here
    from roadsight_service.served import told
    from roadsight_service.settings import Settings

    settings = Settings.model_validate(given)
    logs.begin(settings.log_level, settings.log_format)
    cv2.setNumThreads(1)
    give_back_large_buffers()
    try:
        brood = here(settings, gone) if engine is None else apart(engine, settings, gone)
    except RoadsightError as error:
        _say(line, {"wrong": wire.described(error)})
        return None
    _say(line, {"models": [told(model) for model in brood.models]})
    leave_what_is_there()  # a collection would write to every object, and so copy the pages that are shared
    return brood


def _bear(line: socket, brood: "Brood", engine: Engine | None) -> None:
    ends = [line] if engine is None or engine.has_ended else [line, engine.line]
    while line in (heard := select(ends, (), ())[0]) and len(heard) == 1:
        said, descriptors, _, _ = recv_fds(line, 1, 1)
        if not said:
            return
        if not descriptors:
            _say(line, {"wrong": "the lanes' parent has no descriptor left"})
            continue
        _bear_one(line, brood, said, descriptors[0])
        os.close(descriptors[0])
    log.error("the process that holds the GPU ended; its lanes end with it")


def _bear_one(line: socket, brood: "Brood", kind: bytes, end: int) -> None:
    try:
        child = os.fork()
    except OSError as error:
        _say(line, {"wrong": f"the lanes' parent can't fork: {error}"})
        return
    if child == 0:
        line.close()
        become("a lane, or a check,", lambda: brood.make[kind](socket(fileno=end)).work())
    _say(line, {"child": child})


def _say(line: socket, what: dict[str, object]) -> None:
    line.sendall(json.dumps(what).encode() + b"\n")
