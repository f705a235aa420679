"""A machine room whose lanes are processes: one interpreter's lock would bound threads.

body, Ask ----Order--> FrameQueue --rounds--> lanes --replies--> Seen
              QueueFull, Draining             BadImage, TooLarge, BadRegion, DeadlineMissed, LaneLost
crops, Batch --Order--> the same queue and lanes ---------------> Inferred
body, Question --a checker, born for it--> Finding

All of it runs on the event loop. A lane has a round at work and one more in advance, so that it never waits for the
loop.
"""

import asyncio
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any, TypeVar

from roadsight_models.errors import DeadlineMissed, LaneLost
from roadsight_service.frame_queue import FrameQueue
from roadsight_service.metrics import Clock, Metrics
from roadsight_service.pace import Pace
from roadsight_service.processes import wire
from roadsight_service.processes.check_port import checked
from roadsight_service.processes.crew import Crew
from roadsight_service.processes.division import Division
from roadsight_service.processes.kinds import BatchOrder, FrameOrder
from roadsight_service.processes.order import Order, Remainder, Work
from roadsight_service.processes.port import Port
from roadsight_service.processes.rehearsal import rehearse
from roadsight_service.processes.reins import wait_for_time
from roadsight_service.processes.staff import Staff
from roadsight_service.processes.wire import Reply, Report
from roadsight_service.robustness.question import Finding, Question
from roadsight_service.room import Ask, Batch, Inferred, Seen
from roadsight_service.served import Models
from roadsight_service.settings import Settings

ROUND_S = 0.03  # work of small frames that a lane gets at one time; it has two rounds at most
IN_ADVANCE = 2
ROUND_FRAMES = 16
POLL_S = 0.01

Answer = TypeVar("Answer")


class ProcessRoom:
    """The queue, and the near ends of the lanes."""

    def __init__(self, crew: Crew, settings: Settings, metrics: Metrics) -> None:
        self._lanes, self._metrics = settings.lanes, metrics
        self._pace = Pace(settings.lanes)
        self._queue: FrameQueue[Order[Any], Remainder] = FrameQueue(settings.queue_frames, self._pace)
        infer_here = all(model.provider == "cpu" for model in crew.models.values())
        self._division = Division(self._queue, self._pace, infer_here)
        self._staff = Staff(crew, settings, self, self._pump_soon)
        self._orders = 0  # that are not settled, and checks
        self._pumps = False

    @property
    def models(self) -> Models:
        """What serves, by task."""
        return self._staff.models

    def __len__(self) -> int:
        """How many frames wait."""
        return len(self._queue)

    @property
    def is_busy(self) -> bool:
        """Whether frames wait, or every lane is at work."""
        return len(self._queue) > 0 or not self._staff.idle

    @property
    def has_time(self) -> bool:
        """See `Room`."""
        both = min(2, len(self._staff.ports))  # a core for the check, and one for the next frame
        return not self.is_busy and len(self._staff.idle) >= both

    @property
    def is_ready(self) -> bool:
        """Whether there are lanes."""
        return bool(self._staff.ports)

    def check(self, camera: str, deadline: float) -> None:
        """Raises QueueFull if an answer to a frame of one crop that came now would be too late."""
        self._queue.check(camera, deadline)

    async def look(self, body: bytes, ask: Ask, tasks: tuple[str, ...], clock: Clock) -> Seen:
        """See `Room`."""
        return await self._settled(FrameOrder(body, ask, tasks, clock))

    async def infer(self, crops: bytes, batch: Batch, clock: Clock) -> Inferred:
        """See `Room`."""
        return await self._settled(BatchOrder(crops, batch, clock))

    async def _settled(self, order: Order[Answer]) -> Answer:
        loop = asyncio.get_running_loop()
        self._queue.put(order)
        self._orders += 1
        self._pump_soon()
        alarm = loop.call_later(order.deadline - monotonic(), order.fail, DeadlineMissed("the answer"))
        try:
            return await order.future
        except (asyncio.CancelledError, DeadlineMissed):
            self._queue.discard(order)
            order.leave()
            raise
        finally:
            self._orders -= 1
            alarm.cancel()

    async def examine(self, body: bytes, question: Question, clock: Clock, is_busy: Callable[[], bool]) -> Finding:
        """See `Room`."""
        self._orders += 1
        try:
            await wait_for_time(is_busy)
            return await checked(await self._staff.checker(), body, question, clock, is_busy)
        finally:
            self._orders -= 1

    def _pump_soon(self) -> None:
        if not self._pumps:
            self._pumps = True
            asyncio.get_running_loop().call_soon(self._pump)

    def _pump(self) -> None:
        """Gives the lanes what they have room for."""
        self._pumps = False
        while self._staff.ports:
            port = min(self._staff.ports, key=lambda each: len(each.rounds))
            if len(port.rounds) >= IN_ADVANCE:
                return
            work = self._queue.take_now(self._lanes, ROUND_S, ROUND_FRAMES)
            if work is None:
                return
            port.give(self._division.works(work, len(self._staff.idle)))

    def replied(self, work: Work, reply: Reply) -> None:
        """See `Owner`."""
        order = work.order
        if reply.wrong is not None:
            order.fail_at(wire.rebuilt(reply.wrong), reply.spent)
            return
        order.take(work.first, order.read(reply, self.models))

    def rested(self, port: Port, weight: int, report: Report) -> None:
        """See `Owner`."""
        for crops in report.batches:
            self._metrics.batch_size.observe(crops)
        if weight and report.spent_s is not None:
            self._pace.learn(unit_s=report.spent_s / weight)
        self._pump_soon()

    def lost(self, port: Port, works: Sequence[Work]) -> None:
        """See `Owner`."""
        self._metrics.lanes_lost.inc()
        for work in works:
            work.order.fail(LaneLost(f"lane {port.number}, process {port.process}, died"))
        self._staff.replace(port)

    async def start(self) -> None:
        """Gets the lanes."""
        self._watch = asyncio.ensure_future(self._pace.watch_loop())
        await self._staff.start()

    async def rehearse(self, body: bytes, ask: Ask, tasks: tuple[str, ...]) -> None:
        """Has each lane look at a frame before live ones come."""
        await rehearse(self._staff.ports, body, ask, tasks)

    async def close(self, within_s: float, beside: bool = False) -> None:
        """See `Room`."""
        self._queue.close()
        until = monotonic() + within_s
        while self._orders and monotonic() < until:
            await asyncio.sleep(POLL_S)
        self._watch.cancel()
        await self._staff.close(beside)
