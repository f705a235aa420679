"""The process that lanes and checkers are forked from: it opens and warms the models once, and they share its pages.

settings --open_registry--> models warm --what serves--> serving process
a socket, and for what --fork--> a lane or a checker on it --its process id, or what is wrong--> serving process

It has one thread when it forks. It ends when the serving process hangs up, and its children with it.
"""

# ruff: noqa: PLC0415  (what opens models is imported at the same priority as it runs)

import ctypes
import json
import logging
import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from mmap import mmap
from socket import recv_fds, socket
from threading import get_native_id
from typing import TYPE_CHECKING, NoReturn

from roadsight_service.processes.priority import give_way

if TYPE_CHECKING:
    from roadsight_models.session import Session
    from roadsight_service.processes.checker import Checker
    from roadsight_service.processes.lane import Lane

    Child = Lane | Checker

log = logging.getLogger(__name__)
_PR_SET_PDEATHSIG = 1  # sys/prctl.h


def main(line: int, memory: int, patient: bool) -> None:
    """Opens the models, says what serves, and forks a child for each socket that comes; see `cradle.main`."""
    for ignored in (signal.SIGINT, signal.SIGTERM):  # a terminal sends them to all; the serving process drains first
        signal.signal(ignored, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children that ended leave nothing behind
    serving = socket(fileno=line)
    with ThreadPoolExecutor(1) as opener:
        make = opener.submit(_open, serving, mmap(memory, 0), patient).result()
    if make is not None:
        _bear(serving, make)


def _open(line: socket, gone: mmap, patient: bool) -> "Callable[[bytes, socket], Child] | None":
    """Gives what makes a child of a kind on a socket; None where the models can't be opened."""
    if patient:
        give_way(get_native_id())

    import cv2

    from roadsight_models.errors import RoadsightError
    from roadsight_service import logs
    from roadsight_service.heap import give_back_large_buffers, give_back_what_is_free, leave_what_is_there
    from roadsight_service.processes import wire
    from roadsight_service.processes.lane import Lane
    from roadsight_service.registry import open_registry
    from roadsight_service.settings import Settings

    with line.makefile("rb") as incoming:
        settings = Settings.model_validate(json.loads(incoming.readline()))
    logs.begin(settings.log_level, settings.log_format)
    cv2.setNumThreads(1)
    give_back_large_buffers()
    try:
        registry = open_registry(settings)
    except RoadsightError as error:
        _say(line, {"wrong": wire.described(error)})
        return None
    give_back_what_is_free()  # once for all children
    _say(line, {"models": [_description(session) for session in registry.sessions.values()]})
    makers: dict[bytes, Callable[[socket], Child]] = {
        wire.LANE: lambda end: Lane(end, registry.sessions, gone, settings)
    }
    if settings.robustness_enabled:  # attacks are imported once, and only then
        from roadsight_service.processes.checker import Checker

        makers[wire.CHECKER] = lambda end: Checker(end, registry, settings)
    leave_what_is_there()  # a collection would write to every object, and so copy the pages that are shared
    return lambda kind, end: makers[kind](end)


def _bear(line: socket, make: "Callable[[bytes, socket], Child]") -> None:
    while True:
        said, descriptors, _, _ = recv_fds(line, 1, 1)
        if not said:
            return
        if not descriptors:
            _say(line, {"wrong": "the lanes' parent has no descriptor left"})
            continue
        try:
            child = os.fork()
        except OSError as error:
            _say(line, {"wrong": f"the lanes' parent can't fork: {error}"})
        else:
            if child == 0:
                line.close()
                _be(make(said, socket(fileno=descriptors[0])))
            _say(line, {"child": child})
        os.close(descriptors[0])


def _be(child: "Child") -> NoReturn:
    """Becomes a lane or a checker, and never returns into what the zygote was doing."""
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # also if it hangs
        child.work()
    except ConnectionError:  # the serving process is gone
        os._exit(0)
    except BaseException:
        log.exception("a lane, or a check, failed")
        os._exit(1)
    os._exit(0)


def _description(session: "Session") -> dict[str, object]:
    """What the serving process says of a session."""
    return {
        "manifest": session.manifest.model_dump(mode="json"),
        "precision": session.precision,
        "provider": session.provider,
        "fallback": session.fallback,
        "without_graphs": session.without_graphs,
    }


def _say(line: socket, what: dict[str, object]) -> None:
    line.sendall(json.dumps(what).encode() + b"\n")
