"""A checker, as the engine has it: what it asks of a model goes between the batches of lanes.

Request --CheckLine--> Session, or GradientSession --> arrays, where the others lay --Given--> checker
"""

from contextlib import suppress
from mmap import mmap
from socket import socket

from roadsight_service.processes.engine import wire
from roadsight_service.processes.engine.hanging import described
from roadsight_service.processes.engine.memory import lay, pick_up
from roadsight_service.processes.engine.wire import Given, Request
from roadsight_service.registry import Registry


class CheckLine:
    """The far end of a checker's line."""

    def __init__(self, line: socket, memory: mmap, registry: Registry) -> None:
        """Takes over a socket.

        Args:
            line: to the checker.
            memory: that both have.
            registry: what it may ask.
        """
        self._line, self._memory, self._registry = line, memory, registry

    def serve(self) -> None:
        """Runs what is asked, one batch after the other, until the checker is gone."""
        with self._line, suppress(OSError):
            while (said := wire.receive(self._line)) is not None:
                wire.send(self._line, tuple(self._given(Request(*said))))

    def _given(self, request: Request) -> Given:
        arrays = pick_up(self._memory, 0, request.laid)
        try:
            if request.differentiates:
                return Given(None, lay(self._memory, 0, self._registry.gradients[request.task].run(*arrays)))
            return Given(None, lay(self._memory, 0, self._registry.sessions[request.task].run(*arrays)))
        except Exception as error:  # belongs to the check
            return Given(described(error), ())
