"""A machine room whose lanes are threads: elsewhere than on Linux, and for sessions that a program brings.

body, Ask ----Job--> Lanes --Done--> judged --> Seen
crops, Batch --Job--> Lanes --Done------------> Inferred
body, Question --a thread of its own----------> Finding
"""

import asyncio
from collections.abc import Callable
from functools import partial

from roadsight_service.batcher import make_batcher
from roadsight_service.errand import Errand
from roadsight_service.examine import judged, prepare, unpack
from roadsight_service.frame_queue import FrameQueue
from roadsight_service.lanes import Lanes
from roadsight_service.metrics import Clock, Metrics
from roadsight_service.pace import Pace
from roadsight_service.registry import Registry
from roadsight_service.robustness.examination import examine
from roadsight_service.robustness.question import Finding, Question
from roadsight_service.robustness.thread import on_a_thread
from roadsight_service.room import Ask, Batch, Inferred, Seen, crops_of
from roadsight_service.settings import Settings
from roadsight_service.work import Job


class ThreadRoom:
    """Sessions, and lanes that share them."""

    is_ready = True

    def __init__(self, registry: Registry, settings: Settings, metrics: Metrics) -> None:
        self.models = registry.sessions
        self._registry, self._settings = registry, settings
        self._pace = Pace(settings.lanes)
        self._queue: FrameQueue[Job, Errand] = FrameQueue(settings.queue_frames, self._pace)
        sessions, delay_s = tuple(self.models.values()), settings.batch_delay_ms / 1e3
        batcher = make_batcher(sessions, metrics, self._queue, settings.batch_crops, delay_s)
        self._lanes = Lanes(settings.lanes, self._queue, batcher, self._pace)

    def __len__(self) -> int:
        """How many frames wait."""
        return len(self._queue)

    @property
    def is_busy(self) -> bool:
        """Whether frames wait, or every lane is at work."""
        return len(self._queue) > 0 or self._queue.idle == 0

    @property
    def has_time(self) -> bool:
        """See `Room`; on a GPU a check takes the time between batches."""
        return not self.is_busy

    def check(self, camera: str, deadline: float) -> None:
        """Raises QueueFull if an answer to a frame of one crop that came now would be too late."""
        self._queue.check(camera, deadline)

    async def look(self, body: bytes, ask: Ask, tasks: tuple[str, ...], clock: Clock) -> Seen:
        """See `Room`."""
        sessions = tuple(self.models[task] for task in tasks)
        asked = body, ask.regions, sessions, self._settings.max_pixels, clock
        work = partial(prepare, *asked, squeezed=ask.suspicion, layout=ask.layout)
        job = Job(work, ask.deadline, ask.camera, clock, crops_of(ask, tasks), ask.stream, ask.priority)
        done = await self._lanes.run(job)
        with clock.stage("postprocess"):
            return judged(done, ask.top, ask.suspicion)

    async def infer(self, crops: bytes, batch: Batch, clock: Clock) -> Inferred:
        """See `Room`."""
        work = partial(unpack, crops, self.models[batch.task], clock)
        job = Job(work, batch.deadline, batch.camera, clock, batch.crops, priority=batch.priority)
        done = await self._lanes.run(job)
        with clock.stage("postprocess"):
            return Inferred(*(output.tobytes() for output in done.outputs[0]))

    async def examine(self, body: bytes, question: Question, clock: Clock, is_busy: Callable[[], bool]) -> Finding:
        """See `Room`."""
        work = partial(examine, body, question, self._registry, self._settings, clock)
        return await on_a_thread(work, question.deadline, is_busy)

    async def start(self) -> None:
        """Starts the threads."""
        self._lanes.start()
        self._watch = asyncio.ensure_future(self._pace.watch_loop())

    async def close(self, within_s: float, beside: bool = False) -> None:
        """See `Room`; the end of threads costs nothing."""
        self._watch.cancel()
        await asyncio.to_thread(self._lanes.close, within_s)
