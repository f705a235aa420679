"""A machine room whose lanes are processes: on a CPU, where one interpreter's lock would bound threads.

body, Ask --Order--> FrameQueue --rounds--> lanes --replies--> Seen
          QueueFull, Draining               BadImage, TooLarge, BadRegion, DeadlineMissed, LaneLost

All of it runs on the event loop. A lane has a round at work and one more in advance, so that it never waits for the
loop. A frame of many regions is divided: among idle lanes, and where it is more than a round into several, which wait
for their camera's turns.
"""

import asyncio
import logging
import math
from collections.abc import Coroutine, Sequence
from time import monotonic
from typing import Any

from roadsight_models.errors import DeadlineMissed, LaneLost, RoadsightError
from roadsight_service.frame_queue import FrameQueue
from roadsight_service.metrics import Clock, Metrics
from roadsight_service.pace import Pace
from roadsight_service.processes import wire
from roadsight_service.processes.crew import Crew, Lane
from roadsight_service.processes.order import Order, Part
from roadsight_service.processes.port import Port, Work
from roadsight_service.processes.wire import Reply, Report
from roadsight_service.quality import Quality
from roadsight_service.room import Ask, Seen
from roadsight_service.served import Models
from roadsight_service.settings import Settings

log = logging.getLogger(__name__)

ROUND_S = 0.01  # work of small frames that a lane gets at one time; it has two rounds at most
LARGE_S = 0.03  # of a large frame: each piece costs a decode
IN_ADVANCE = 2
ROUND_FRAMES = 16
WORTH_IT = 4  # crops: for fewer no second lane decodes the frame, too
BEAT_S = 1.0


class Remainder:
    """The regions of a frame that no lane has yet."""

    def __init__(self, order: Order) -> None:
        self.order, self.camera, self.deadline = order, order.camera, order.deadline

    def __len__(self) -> int:
        """How many those are; none once nobody waits."""
        return 0 if self.order.future.done() else self.order.regions - self.order.taken

    def next(self, regions: int) -> Work:
        """Some of them."""
        first = self.order.taken
        self.order.taken = min(self.order.regions, first + regions)
        return Work(self.order, first, self.order.taken)


class ProcessRoom:
    """The queue, and the near ends of the lanes."""

    def __init__(self, crew: Crew, settings: Settings, metrics: Metrics) -> None:
        self._crew, self._settings, self._metrics = crew, settings, metrics
        self._pace = Pace(settings.lanes)
        self._queue: FrameQueue[Order, Remainder] = FrameQueue(settings.queue_frames, self._pace)
        self._ports: list[Port] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._pumps = False
        self._hiring = asyncio.Lock()

    @property
    def models(self) -> Models:
        """What serves, by task."""
        return self._crew.models

    def __len__(self) -> int:
        """How many frames wait."""
        return len(self._queue)

    @property
    def is_busy(self) -> bool:
        """Whether frames wait, or every lane is at work."""
        return len(self._queue) > 0 or not self._idle()

    @property
    def is_ready(self) -> bool:
        """Whether there are lanes."""
        return bool(self._ports)

    def check(self, camera: str, deadline: float) -> None:
        """Raises QueueFull if an answer to a frame of one crop that came now would be too late."""
        self._queue.check(camera, deadline)

    async def look(self, body: bytes, ask: Ask, tasks: tuple[str, ...], clock: Clock) -> Seen:
        """See `Room`."""
        loop = asyncio.get_running_loop()
        order = Order(body, ask, tasks, clock, loop.create_future())
        self._queue.put(order)
        self._pump_soon()
        alarm = loop.call_later(ask.deadline - monotonic(), order.fail, DeadlineMissed("the answer"))
        try:
            return await order.future
        except (asyncio.CancelledError, DeadlineMissed):
            self._queue.discard(order)
            order.leave()
            raise
        finally:
            alarm.cancel()

    def _pump_soon(self) -> None:
        if not self._pumps:
            self._pumps = True
            asyncio.get_running_loop().call_soon(self._pump)

    def _pump(self) -> None:
        """Gives the lanes what they have room for."""
        self._pumps = False
        while self._ports:
            port = min(self._ports, key=lambda each: len(each.rounds))
            if len(port.rounds) >= IN_ADVANCE:
                return
            work = self._queue.take_now(self._settings.lanes, ROUND_S, ROUND_FRAMES)
            if work is None:
                return
            port.give(self._works(work))

    def _works(self, found: list[Order] | Remainder) -> list[Work]:
        if isinstance(found, Remainder):
            return [found.next(self._regions(found.order))]
        for order in found:
            self._pace.begin(order.weight, order.future)
        first = found[0]
        if (regions := self._regions(first)) < first.regions:
            remainder = Remainder(first)
            self._queue.put_errand(remainder)
            return [remainder.next(regions), *(Work(order, 0, order.regions) for order in found[1:])]
        return [Work(order, 0, order.regions) for order in found]

    def _regions(self, order: Order) -> int:
        """How many regions a lane gets of a frame: those of a round, and where others are idle a fair part of them."""
        crops = order.crops // order.regions  # of each
        left = order.regions - order.taken
        fair = math.ceil(left / max(1, len(self._idle())))
        a_round = max(WORTH_IT, self._pace.weight_in(LARGE_S)) // crops
        return max(1, min(left, max(fair, WORTH_IT // crops), a_round))

    def _idle(self) -> list[Port]:
        return [port for port in self._ports if not port.rounds]

    def replied(self, work: Work, reply: Reply) -> None:
        """See `Owner`."""
        order = work.order
        if reply.wrong is not None:
            order.fail_at(wire.rebuilt(reply.wrong), reply.spent)
            return
        labels = [self.models[task].manifest.labels for task in order.tasks]
        rows = tuple([tuple(map(wire.judgement, row, labels)) for row in reply.rows])
        order.take(work.first, Part(reply.width, reply.height, rows, reply.spent, Quality(*reply.quality)))

    def rested(self, port: Port, weight: int, report: Report) -> None:
        """See `Owner`."""
        for crops in report.batches:
            self._metrics.batch_size.observe(crops)
        if weight and report.spent_s is not None:
            self._pace.learn(unit_s=report.spent_s / weight)
        self._pump_soon()

    def lost(self, port: Port, works: Sequence[Work]) -> None:
        """See `Owner`."""
        self._ports.remove(port)
        self._metrics.lanes_lost.inc()
        for work in works:
            work.order.fail(LaneLost(f"lane {port.number} (process {port.process}) died"))
        self._do(self._replace(port))

    async def start(self) -> None:
        """Gets the lanes."""
        for number in range(self._settings.lanes):
            self._open(number, self._crew.fork())
        self._do(self._pace.watch_loop())
        self._do(self._watch())

    async def close(self, within_s: float) -> None:
        """See `Room`."""
        self._queue.close()
        until = monotonic() + within_s
        while (len(self._queue) or len(self._idle()) < len(self._ports)) and monotonic() < until:
            await asyncio.sleep(0.01)
        for task in self._tasks:
            task.cancel()
        for port in self._ports:
            port.close()
        self._ports.clear()
        await asyncio.to_thread(self._crew.close)

    def _open(self, number: int, lane: Lane) -> None:
        self._ports.append(Port(*lane, number, self._crew.gone, self))

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _watch(self) -> None:
        """Ends lanes that hang."""
        while True:
            await asyncio.sleep(BEAT_S)
            for port in self._ports:
                if port.hangs:
                    log.error("lane %d (process %d) hangs, and is ended", port.number, port.process)
                    port.kill()

    async def _replace(self, lost: Port) -> None:
        """Gets another lane; where there is no crew any more, another crew."""
        async with self._hiring:
            if not lost.has_answered:  # what dies at once is not started without end
                await asyncio.sleep(BEAT_S)
            while True:
                try:
                    lane = await asyncio.to_thread(self._crew.fork)
                    break
                except LaneLost as error:
                    log.error("the lanes' parent died (%s); starting another", error)
                await self._hire()
            self._open(lost.number, lane)
        self._pump_soon()

    async def _hire(self) -> None:
        await asyncio.to_thread(self._crew.close)
        while True:
            try:
                self._crew = await asyncio.to_thread(Crew(self._settings).warm)
                return
            except RoadsightError:
                log.exception("no lanes can be had; trying again")
                await asyncio.sleep(BEAT_S)
