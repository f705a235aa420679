"""The way of a frame, on one screen; knows no FastAPI.

body + Ask --relay--> room --select--> models --look--> Seen --> Answer
                           UnknownTask,       QueueFull, BadImage, TooLarge, BadRegion, DeadlineMissed
                           UnknownVersion
"""

from time import monotonic
from typing import NamedTuple

from roadsight_models.errors import DeadlineMissed
from roadsight_service.loading.relay import Relay
from roadsight_service.metrics import Clock, Metrics
from roadsight_service.room import Ask, Seen
from roadsight_service.served import Model, select


class Answer(NamedTuple):
    """What is said of each region, model by model."""

    seen: Seen
    models: tuple[Model, ...]  # one for each of a region's judgements


class Pipeline:
    """The machine rooms and the metrics, put together."""

    def __init__(self, room: Relay, metrics: Metrics) -> None:
        self._room, self._metrics = room, metrics

    def check(self, camera: str, deadline: float) -> None:
        """Raises QueueFull if an answer to a frame of one crop that came now would be too late."""
        self._room.check(camera, deadline)

    async def classify(self, body: bytes, ask: Ask, clock: Clock) -> Answer:
        """One frame in, a judgement per region and model out; of all classes if `ask.fuses`, for `Tracks`.

        Raises:
            UnknownTask, UnknownVersion: nothing serves what was asked for.
            DeadlineMissed: the answer is there, but too late: the loop came to it late.
            RoadsightError: see `Room.look`.
        """
        models = select(self._room.room_for(ask).models, ask.tasks, ask.version)
        tasks = tuple(model.manifest.task for model in models)
        seen = await self._room.look(body, ask._replace(top=0) if ask.fuses else ask, tasks, clock)
        if monotonic() >= ask.deadline:
            raise DeadlineMissed("the answer")
        for row in seen.judgements:
            for task, judgement in zip(tasks, row, strict=True):
                self._metrics.models.judged(task, judgement)
        return Answer(seen, models)
