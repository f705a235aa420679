"""The engine, as the zygote and its children have it.

settings --Engine--> a fork of the zygote, before that has loaded anything --said--> what serves
                                                                            LaneLost
a child that was just born --connect--> its line to the engine, and memory that both have
"""

# ruff: noqa: PLC0415  (the zygote must have loaded nothing when it forks the engine)

import json
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from mmap import mmap
from socket import AF_UNIX, SO_SNDBUF, SOCK_SEQPACKET, SOL_SOCKET, send_fds, socket, socketpair
from time import monotonic, sleep
from typing import Any

from roadsight_models.errors import LaneLost
from roadsight_service.processes.child import become

NICER = 5  # are lanes than the engine: what keeps a GPU busy must not wait for them
BUFFER_BYTES = 1 << 20  # of a socket: more than a lane may have asked for
END_S = 3.0
POLL_S = 0.01


class Engine:
    """Its process, and the zygote's line to it."""

    def __init__(self, serving: socket, gone: mmap, given: Mapping[str, Any]) -> None:
        """Forks it; called by a process of one thread that has not touched a GPU.

        Args:
            serving: the line to the serving process, which the engine must not hold open.
            gone: a byte a slot; see `Lane`.
            given: the settings, as JSON has them.

        Raises:
            OSError: there is no process for it.
        """
        self.line, far = socketpair()
        self.process = os.fork()
        if self.process == 0:
            serving.close()
            self.line.close()
            become("the engine", lambda: _work(far, gone, given))
        far.close()
        self._reader = self.line.makefile("rb")

    def said(self) -> dict[str, Any]:
        """Waits until the models are warm; gives what the engine says of them.

        Raises:
            LaneLost: it ended instead.
        """
        line = self._reader.readline()
        if not line:
            raise LaneLost("the process that holds the GPU ended while it opened the models")
        return dict(json.loads(line))

    def connect(self, kind: bytes, size: int) -> tuple[socket, mmap]:
        """Called in a child: gives its line to the engine, and memory of a size that both have.

        Raises:
            ConnectionError: the engine is gone.
            OSError: there is no descriptor or memory.
        """
        os.nice(NICER)
        near, far = socketpair(AF_UNIX, SOCK_SEQPACKET)
        for end in (near, far):
            end.setsockopt(SOL_SOCKET, SO_SNDBUF, BUFFER_BYTES)
        shared = os.memfd_create("roadsight-crops")
        os.ftruncate(shared, size)
        memory = mmap(shared, 0)
        send_fds(self.line, [kind], [far.fileno(), shared])
        far.close()
        os.close(shared)
        self._hang_up()
        return near, memory

    def kill(self) -> None:
        """Ends one that hangs. Its number is its own as long as it has not hung up."""
        with suppress(ProcessLookupError):
            os.kill(self.process, signal.SIGKILL)

    def end(self) -> None:
        """Hangs up, and waits a while until it is gone: the next one needs what it held. It ends with its parent."""
        self._hang_up()
        until = monotonic() + END_S
        with suppress(ChildProcessError):  # it is gone: nobody waits for children of the zygote otherwise
            while os.waitpid(self.process, os.WNOHANG) == (0, 0) and monotonic() < until:
                sleep(POLL_S)

    @property
    def has_ended(self) -> bool:
        """Whether it was hung up on."""
        return self.line.fileno() == -1

    def _hang_up(self) -> None:
        self._reader.close()
        self.line.close()


def _work(line: socket, gone: mmap, given: Mapping[str, Any]) -> None:
    from roadsight_service.processes.engine.process import main
    from roadsight_service.settings import Settings

    main(line, gone, Settings.model_validate(given))
