"""The zygote and its lanes, as the serving process has them: one object owns them all.

settings --Crew, warm--> models that serve --fork--> a lane, or a checker: its socket, its process id
         LaneLost, and what stops a start    LaneLost, OSError
"""

import os
import signal
import subprocess
from contextlib import ExitStack, suppress
from mmap import mmap
from socket import SHUT_RDWR, SO_SNDBUF, SOL_SOCKET, send_fds, socket, socketpair
from time import monotonic, sleep
from typing import Any, NamedTuple

from roadsight_models.errors import LaneLost
from roadsight_service.processes import wire
from roadsight_service.processes.answers import Answers
from roadsight_service.processes.birth import start_zygote
from roadsight_service.processes.port import SLOTS
from roadsight_service.processes.priority import give_way
from roadsight_service.served import Served, heard
from roadsight_service.settings import Settings

START_S = 120.0  # to open and warm all models
PATIENT_S = 600.0  # the same beside lanes that serve, with what time these leave
GPU_S = 4 * 3600.0  # the same on a GPU: TensorRT builds for hours, and a model that takes over one fails by itself
FORK_S = 10.0
END_S = 5.0
POLL_S = 0.01
BUFFER_BYTES = 1 << 20  # of a socket: some frames


class Child(NamedTuple):
    """A lane or a checker that was just born."""

    line: socket
    process: int


class Crew:
    """A zygote, and what it says that it serves."""

    def __init__(self, settings: Settings, patient: bool = False, on_gpu: bool = False) -> None:
        """Starts the zygote, and does not wait for it.

        Args:
            settings: of the service.
            patient: whether models are opened where others leave a core idle.
            on_gpu: whether a GPU is asked for, which one process holds for all lanes.

        Raises:
            OSError: there is no memory, descriptor or process for it.
        """
        with ExitStack() as its, ExitStack() as ours:
            memory = os.memfd_create("roadsight-lanes")
            its.callback(os.close, memory)
            os.ftruncate(memory, settings.lanes * SLOTS)
            self.gone = mmap(memory, 0)  # a byte a slot: whether nobody waits any more
            self._line, far = socketpair()
            ours.enter_context(self._line)
            its.enter_context(far)
            asked = settings.model_copy(update={"keys": None})  # the door's affair
            self._line.sendall(asked.model_dump_json().encode() + b"\n")  # it waits there
            self._zygote = start_zygote(far.fileno(), memory, patient, on_gpu)
            ours.pop_all()
        self._answers = Answers(self._line)
        self._start_s = GPU_S if on_gpu else PATIENT_S if patient else START_S
        self.on_gpu = on_gpu
        self.models: dict[str, Served] = {}

    def warm(self) -> "Crew":
        """Waits until the models are warm.

        Raises:
            RoadsightError: what stops a start; see `open_registry`.
            LaneLost: the zygote died, or took too long.
        """
        try:
            said = self._answer(self._start_s)
            if "wrong" in said:
                raise wire.rebuilt(said["wrong"])
        except BaseException as error:  # a signal, too: the zygote is opening models, and hears nothing
            self.close()
            if isinstance(error, TimeoutError):
                raise LaneLost(str(error)) from error
            raise
        self.models = {one.manifest.task: one for one in map(heard, said["models"])}
        return self

    def tell(self, number: signal.Signals) -> None:
        """Sends the zygote a signal, if it is there."""
        self._zygote.send_signal(number)

    def fork(self, kind: bytes = wire.LANE) -> Child:
        """Has a lane born, or a checker.

        Raises:
            LaneLost: the zygote died, or hangs.
            OSError: there is no memory, descriptor or process for it just now, or no answer in time.
        """
        near, far = socketpair()
        for end in (near, far):
            end.setsockopt(SOL_SOCKET, SO_SNDBUF, BUFFER_BYTES)
        with far:
            try:
                send_fds(self._line, [kind], [far.fileno()])
                said = self._answer(FORK_S)
            except TimeoutError:  # a child that is born later finds that we hung up
                near.close()
                raise
            except (OSError, LaneLost) as error:
                near.close()
                raise LaneLost(str(error)) from error
        if "child" not in said:
            near.close()
            raise OSError(said["wrong"])
        return Child(near, said["child"])

    def close(self, beside: bool = False) -> None:
        """Hangs up, and waits until the zygote has ended; its lanes end with it. Who waits for it is told LaneLost.

        Args:
            beside: whether others serve meanwhile: to let go of hundreds of megabytes takes a core milliseconds.
        """
        if beside and self._zygote.poll() is None:  # else its number may be another's by now
            give_way(self._zygote.pid)
        with suppress(OSError):  # it may be closed already
            self._line.shutdown(SHUT_RDWR)
        if not self.models:  # it is opening them still, and hears nothing
            self._zygote.kill()
        self._answers.close()
        self._line.close()
        self._reap()

    def _reap(self) -> int:
        """Waits for the zygote, and for lanes that outlive it: children of process 1 by then, which may be this one."""
        try:
            status = self._zygote.wait(END_S)
        except subprocess.TimeoutExpired:
            self._zygote.kill()
            status = self._zygote.wait()
        until = monotonic() + END_S
        with suppress(ChildProcessError):
            while monotonic() < until:
                if os.waitpid(-self._zygote.pid, os.WNOHANG) == (0, 0):
                    sleep(POLL_S)
        return status

    def _answer(self, within_s: float) -> dict[str, Any]:
        try:
            said = self._answers.next(within_s)
        except TimeoutError as error:
            raise TimeoutError(f"the lanes' parent gave no answer within {within_s:.0f} s") from error
        if said is None:
            raise LaneLost(f"the lanes' parent ended with status {self._reap()}")
        return said
