"""A checker, as the serving process has it: a question goes out, a finding comes in, on the event loop.

body, Question --Line--> checker --Line--> Finding
                                           LaneLost, and what the checker says

While live frames need the machine the checker is stopped where it stands. It is ended when it has answered, and when
nobody waits any more.
"""

import asyncio
import marshal
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from time import perf_counter

from roadsight_models.errors import LaneLost
from roadsight_service.metrics import Clock
from roadsight_service.processes import wire
from roadsight_service.processes.check_wire import Asked, Told, finding_in, question_out
from roadsight_service.processes.crew import Child
from roadsight_service.processes.line import Line
from roadsight_service.processes.reins import hold
from roadsight_service.robustness.question import Finding, Question


async def checked(
    checker: Child, body: bytes, question: Question, clock: Clock, is_busy: Callable[[], bool]
) -> Finding:
    """Asks a checker that was just born; cancelled, it ends that.

    Args:
        checker: is this call's own, and gone after it.
        body: a picture file.
        question: about one task.
        clock: is told of the stages; what the way there and back takes counts as queue.
        is_busy: whether live frames need the machine.

    Raises:
        LaneLost: the checker died.
        RoadsightError: what the checker says.
    """
    port, began = CheckPort(checker), perf_counter()
    pauses = asyncio.ensure_future(hold(port.tell, is_busy))
    try:
        told = await port.ask(body, question)
    finally:
        pauses.cancel()
        port.end()
    for stage, seconds in told.spent.items():
        clock.add(stage, seconds)
    clock.add("queue", max(0.0, perf_counter() - began - sum(told.spent.values())))
    if told.wrong is not None:
        raise wire.rebuilt(told.wrong)
    return finding_in(told.finding)


class CheckPort:
    """The near end of a checker's socket, and the reins of its process."""

    def __init__(self, checker: Child) -> None:
        """Takes over a checker."""
        self._process = checker.process
        self._told: asyncio.Future[Told] = asyncio.get_running_loop().create_future()
        self._is_there = True
        self._line = Line(checker.line, self._heard, self._ended)

    async def ask(self, body: bytes, question: Question) -> Told:
        """Asks the one question that it answers.

        Raises:
            LaneLost: it died.
        """
        self._line.send([wire.message(tuple(Asked(question_out(question), len(body)))), body])
        return await self._told

    def end(self) -> None:
        """Ends it, stopped or not, and hangs up."""
        if self._is_there:
            self.tell(signal.SIGKILL)
            self._line.close()
            self._is_there = False

    def tell(self, number: signal.Signals) -> None:
        """Sends it a signal, if it is there."""
        if self._is_there:
            with suppress(ProcessLookupError):  # it died, as its socket tells soon
                os.kill(self._process, number)

    def _heard(self, message: bytes) -> None:
        if not self._told.done():
            self._told.set_result(Told(*marshal.loads(message)))

    def _ended(self) -> None:
        self._is_there = False
        if not self._told.done():
            self._told.set_exception(LaneLost(f"the process of a check, {self._process}, died"))
