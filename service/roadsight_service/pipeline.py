"""The way of a frame, on one screen; knows no FastAPI.

body + Ask --lanes--> frame, crops --batcher--> logits --judge--> Answer
UnknownTask  QueueFull  BadImage, TooLarge, BadRegion  DeadlineMissed

With `suspicion` what squeezing leaves of the crops goes with them, in the same share.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from roadsight_models.frame import admit, decode
from roadsight_models.preprocess import cut, reduction
from roadsight_models.probabilities import Judgement, judge, unknown
from roadsight_models.regions import Region, whole, within
from roadsight_models.robustness.squeezing import VERSIONS, Suspicions, suspicions, versions
from roadsight_models.session import Session
from roadsight_service.lanes import Lanes
from roadsight_service.metrics import Clock, Metrics
from roadsight_service.registry import Registry
from roadsight_service.work import Done, Job, Prepared

KINDS = ("jpeg", "png", "webp")


@dataclass(frozen=True)
class Ask:
    """What a client wants to know of a frame."""

    deadline: float  # seconds on the monotonic clock
    camera: str  # who takes turns with whom in the queue
    tasks: tuple[str, ...] = ()  # all, if empty
    version: str | None = None
    regions: tuple[Region, ...] = ()  # the whole frame, if empty
    top: int = 5
    suspicion: bool = False  # how far each answer hangs on detail is wanted, too


@dataclass(frozen=True)
class Answer:
    """What is said of each region, model by model."""

    width: int
    height: int
    regions: tuple[Region, ...]
    sessions: tuple[Session, ...]
    judgements: tuple[tuple[Judgement, ...], ...]  # [region][session]


class Pipeline:
    """Registry, lanes and metrics, put together."""

    def __init__(self, registry: Registry, lanes: Lanes, metrics: Metrics, max_pixels: int) -> None:
        self._registry, self._lanes, self._metrics, self._max_pixels = registry, lanes, metrics, max_pixels

    def check(self, camera: str, deadline: float) -> None:
        """Raises QueueFull if an answer to a frame of one crop that came now would be too late."""
        self._lanes.check(camera, deadline)

    async def classify(self, body: bytes, ask: Ask, clock: Clock) -> Answer:
        """One frame in, a judgement per region and model out.

        Raises:
            UnknownTask, UnknownVersion: nothing serves what was asked for.
            BadImage, TooLarge: `body` is not a picture of an accepted kind, breaks off, or is too big.
            BadRegion: a region lies wholly outside the picture.
            QueueFull, Draining: the frame was not let in.
            DeadlineMissed: `ask.deadline` passed before the answer was ready; nothing more was computed.
        """
        sessions = self._registry.select(ask.tasks, ask.version)
        crops = max(1, len(ask.regions)) * len(sessions) * (VERSIONS if ask.suspicion else 1)
        work = partial(prepare, body, ask.regions, sessions, self._max_pixels, clock, squeezed=ask.suspicion)
        job = Job(work, ask.deadline, ask.camera, clock, crops)
        done = await self._lanes.run(job)
        with clock.stage("postprocess"):
            judgements = _judge(done, ask)
            for row in judgements:
                for session, judgement in zip(sessions, row, strict=True):
                    self._metrics.judged(session.manifest.task, judgement)
        prepared = done.prepared
        return Answer(prepared.width, prepared.height, prepared.regions, sessions, judgements)


def prepare(
    body: bytes,
    regions: tuple[Region, ...],
    sessions: Sequence[Session],
    max_pixels: int,
    clock: Clock,
    squeezed: bool = False,
) -> Prepared:
    """One decode for all regions and all models; the whole frame if there are no regions.

    With `squeezed` the pixels of all crops are followed by what squeezing leaves of them.

    Raises:
        BadImage, TooLarge, BadRegion: see `Pipeline.classify`.
    """
    with clock.stage("decode"):
        header = admit(body, max_pixels, KINDS)
        regions = within(regions or (whole(header.width, header.height),), header.width, header.height)
        rules = [session.manifest.input for session in sessions]
        frame = decode(body, header, reduction(header, regions, rules))
    with clock.stage("preprocess"):
        crops = tuple((session, cut(frame, regions, session.manifest.input)) for session in sessions)
        if squeezed:
            crops = tuple((session, replace(cuts, pixels=versions(cuts.pixels))) for session, cuts in crops)
    return Prepared(frame.width, frame.height, regions, crops)


def _judge(done: Done, ask: Ask) -> tuple[tuple[Judgement, ...], ...]:
    columns = []
    for (session, crops), outputs in zip(done.prepared.crops, done.outputs, strict=True):
        manifest = session.manifest
        judged = judge(outputs.logits[: crops.reasons.count(None)], manifest, ask.top)
        if ask.suspicion:
            judged = _suspected(judged, suspicions(outputs.logits, manifest.temperature))
        each = iter(judged)
        columns.append([unknown(why) if why else next(each) for why in crops.reasons])
    return tuple(zip(*columns, strict=True))


def _suspected(judged: tuple[Judgement, ...], found: Suspicions) -> tuple[Judgement, ...]:
    pairs = zip(judged, found.tolist(), strict=True)
    return tuple(one if one.status == "unknown" else replace(one, suspicion=score) for one, score in pairs)
