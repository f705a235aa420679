"""A checker: a process of one thread that is born for one check, and ended after it, or before its end.

socket --Question, body--> examine --Finding, or what went wrong--> socket

Nobody is in a hurry: the system runs it where lanes, and everything else, leave a core idle. It is paused and
ended from outside, so it looks at no clock.
"""

import marshal
import signal
from socket import socket

from roadsight_service.metrics import Clock
from roadsight_service.processes import wire
from roadsight_service.processes.check_wire import Asked, Told, finding_out, question_in
from roadsight_service.processes.priority import give_way
from roadsight_service.robustness.examination import Attacked, examine
from roadsight_service.settings import Settings


class Checker:
    """The work of one process."""

    def __init__(self, line: socket, models: Attacked, settings: Settings) -> None:
        self._line, self._models, self._settings = line, models, settings

    def work(self) -> None:
        """Does one check, and waits to be ended: as long as it is there its process id is its own."""
        give_way()
        incoming = self._line.makefile("rb")
        if not (head := incoming.read(wire.HEAD.size)):
            return  # nobody waits for it any more
        asked = Asked(*marshal.loads(incoming.read(*wire.HEAD.unpack(head))))
        self._line.sendall(wire.message(tuple(self._examine(asked, incoming.read(asked.body_bytes)))))
        signal.pause()

    def _examine(self, asked: Asked, body: bytes) -> Told:
        clock = Clock()
        try:
            found = examine(body, question_in(asked.question), self._models, self._settings, clock)
        except Exception as error:  # belongs to whoever asked
            return Told(wire.described(error), None, clock.spent)
        return Told(None, finding_out(found), clock.spent)
