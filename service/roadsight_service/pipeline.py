"""The way of a frame, on one screen; knows no FastAPI.

body + Ask --select--> models --room--> Seen --> Answer
           UnknownTask, UnknownVersion  QueueFull, BadImage, TooLarge, BadRegion, DeadlineMissed
"""

from dataclasses import dataclass, replace

from roadsight_service.metrics import Clock, Metrics
from roadsight_service.room import Ask, Room, Seen
from roadsight_service.served import Model, select


@dataclass(frozen=True)
class Answer:
    """What is said of each region, model by model."""

    seen: Seen
    models: tuple[Model, ...]  # one for each of a region's judgements


class Pipeline:
    """The machine room and the metrics, put together."""

    def __init__(self, room: Room, metrics: Metrics) -> None:
        self._room, self._metrics = room, metrics

    def check(self, camera: str, deadline: float) -> None:
        """Raises QueueFull if an answer to a frame of one crop that came now would be too late."""
        self._room.check(camera, deadline)

    async def classify(self, body: bytes, ask: Ask, clock: Clock) -> Answer:
        """One frame in, a judgement per region and model out; of all classes if `ask.fuses`, for `Tracks`.

        Raises:
            UnknownTask, UnknownVersion: nothing serves what was asked for.
            RoadsightError: see `Room.look`.
        """
        models = select(self._room.models, ask.tasks, ask.version)
        tasks = tuple(model.manifest.task for model in models)
        seen = await self._room.look(body, replace(ask, top=0) if ask.fuses else ask, tasks, clock)
        for row in seen.judgements:
            for task, judgement in zip(tasks, row, strict=True):
                self._metrics.models.judged(task, judgement)
        return Answer(seen, models)
