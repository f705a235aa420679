"""The lanes at work, kept at their number: what dies or hangs is replaced.

Crew --fork--> Port(s); a checker, which is whoever's asked for it
a lane lost --> another of the same crew        the crew lost --> another crew
                                                LaneLost, and what stops a start: tried again each second
"""

import asyncio
import logging
from collections.abc import Callable

from roadsight_models.errors import LaneLost, RoadsightError
from roadsight_service.processes import wire
from roadsight_service.processes.crew import Child, Crew
from roadsight_service.processes.port import Owner, Port
from roadsight_service.served import bundle_name
from roadsight_service.settings import Settings

log = logging.getLogger(__name__)
BEAT_S = 1.0


class Staff:
    """All lanes, and the crew that they are from."""

    def __init__(self, crew: Crew, settings: Settings, owner: Owner, changed: Callable[[], None]) -> None:
        """Takes over a crew.

        Args:
            crew: warm, without lanes.
            settings: say how many. Another crew would open what this one serves, whatever is newest by then.
            owner: is told what lanes say.
            changed: is called when there is another lane.
        """
        self.models = crew.models
        self.ports: list[Port] = []
        self._crew, self._owner, self._changed = crew, owner, changed
        self._settings = settings.model_copy(update={"models": tuple(map(bundle_name, crew.models.values()))})
        self._tasks: set[asyncio.Task[None]] = set()
        self._hiring = asyncio.Lock()

    async def start(self) -> None:
        """Gets the lanes.

        Raises:
            LaneLost: the crew is lost already.
            OSError: no lane can be had just now.
        """
        for number in range(self._settings.lanes):
            async with self._hiring:  # one that was born may have to be replaced already
                lane = await asyncio.to_thread(self._crew.fork)
                self.ports.append(Port(*lane, number, self._crew.gone, self._owner))
        self._keep(asyncio.ensure_future(self._watch()))

    @property
    def idle(self) -> list[Port]:
        """Those that have nothing to do."""
        return [port for port in self.ports if not port.rounds]

    def replace(self, port: Port) -> None:
        """Gets another lane for one that is lost, as soon as may be."""
        self.ports.remove(port)
        self._keep(asyncio.ensure_future(self._replace(port)))

    async def checker(self) -> Child:
        """Has a process born for one check. Where nobody waits for it any more it ends.

        Raises:
            LaneLost: the crew is lost, or there is no process for it.
        """
        birth = asyncio.ensure_future(self._birth())
        try:
            return await asyncio.shield(birth)
        except asyncio.CancelledError:
            birth.add_done_callback(_hang_up)
            raise

    async def close(self, beside: bool = False) -> None:
        """Hangs up: zygote and lanes end; beside others that serve, with what time these leave."""
        for task in self._tasks:
            task.cancel()
        for port in self.ports:
            if beside:
                port.give_way()
            port.close()
        self.ports.clear()
        await asyncio.to_thread(self._crew.close, beside)

    def _keep(self, task: "asyncio.Task[None]") -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _birth(self) -> Child:
        async with self._hiring:
            try:
                return await asyncio.to_thread(self._crew.fork, wire.CHECKER)
            except OSError as error:
                raise LaneLost(f"no process can be had: {error}") from error

    async def _watch(self) -> None:
        """Ends lanes that hang; the end of their socket tells the rest."""
        while True:
            await asyncio.sleep(BEAT_S)
            for port in self.ports:
                if port.hangs:
                    log.error("lane %d, process %d, hangs; it is ended", port.number, port.process)
                    port.kill()

    async def _replace(self, lost: Port) -> None:
        log.error("lane %d, process %d, died", lost.number, lost.process)
        if not lost.has_answered:  # what dies at once is not started without end
            await asyncio.sleep(BEAT_S)
        async with self._hiring:
            while True:
                try:
                    lane = await asyncio.to_thread(self._crew.fork)
                except LaneLost as error:
                    log.error("%s; another is started", error)
                    await self._hire()
                except OSError as error:  # no descriptor, memory or answer just now: the crew may be well
                    log.error("no lane can be had: %s", error)
                    await asyncio.sleep(BEAT_S)
                else:
                    break
            self.ports.append(Port(*lane, lost.number, self._crew.gone, self._owner))
        self._changed()

    async def _hire(self) -> None:
        """Gets another crew, however long that takes."""
        while True:
            try:
                await asyncio.to_thread(self._crew.close)
                self._crew = Crew(self._settings, on_gpu=self._crew.on_gpu)
                await asyncio.to_thread(self._crew.warm)
            except (RoadsightError, OSError) as error:
                log.error("no lanes can be had: %s", error)
                await asyncio.sleep(BEAT_S)
            else:
                self.models = self._crew.models
                return


def _hang_up(birth: "asyncio.Future[Child]") -> None:
    if not birth.cancelled() and birth.exception() is None:
        birth.result().line.close()
