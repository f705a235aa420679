"""The way of an inference, on one screen; knows neither HTTP nor gRPC.

Asked --find--> Face --taken--> pixels   --room-----> logits, embedding --+
      UnknownModel   BadTensor  QueueFull, DeadlineMissed, ...            +--> Tensors, perhaps classified
                       pictures --pipeline--> probabilities --------------+
                                  BadImage, TooLarge, QueueFull, DeadlineMissed, ...
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from roadsight_models.errors import BadTensor
from roadsight_models.judgement import Judgement
from roadsight_service.inference_protocol.asked import Asked, Wanted, chosen, taken
from roadsight_service.inference_protocol.faces import Face, find
from roadsight_service.inference_protocol.statistics import ProtocolMetrics
from roadsight_service.inference_protocol.tensors import FLOAT_BYTES, Tensor, classified, floats
from roadsight_service.metrics import Clock
from roadsight_service.pipeline import Answer, Pipeline
from roadsight_service.room import Ask, Batch, Room
from roadsight_service.settings import Settings


@dataclass(frozen=True)
class Answered:
    """What an inference gave."""

    face: Face
    id: str
    outputs: tuple[Tensor, ...]


class Answering:
    """The machine room, asked in tensors."""

    def __init__(self, room: Room, pipeline: Pipeline, metrics: ProtocolMetrics, settings: Settings) -> None:
        self._room, self._pipeline, self._metrics, self._settings = room, pipeline, metrics, settings
        # Pictures wait for lanes one by one; more than may wait could never be let in together.
        self._most = {False: settings.batch_crops, True: min(settings.batch_crops, settings.queue_frames)}

    def most(self, face: Face) -> int:
        """Of a batch."""
        return self._most[face.is_camera]

    async def infer(self, asked: Asked, camera: str, received: float, clock: Clock) -> Answered:
        """Answers a request. Cancelled, it does no more work.

        Args:
            asked: what is wanted.
            camera: who takes turns with whom in the queue.
            received: when it came, on the monotonic clock; its `timeout` counts from there.
            clock: gets the seconds of the stages; of several pictures their sum.

        Raises:
            UnknownModel: nothing serves under this name, or in this version.
            BadTensor: inputs, outputs or parameters do not fit the model; or a picture could not be judged.
            RoadsightError: see `Room`.
        """
        face = find(self._room.models, asked.model, asked.version)
        with self._metrics.failing(face, clock):
            wanted = chosen(face, asked.outputs)
            count, given = taken(face, asked.inputs, self.most(face))
            until = received + self._timeout_s(asked.timeout_us)
            if isinstance(given, bytes):
                there = await self._graph(face, given, Batch(until, camera, face.task, count, asked.priority), clock)
            else:
                ask = Ask(until, camera, (face.task,), asked.version or None, top=0, priority=asked.priority)
                face, there = await self._pictures(face, given, ask, clock)
            outputs = tuple(_said(there[one.name], one, face) for one in wanted)
        self._metrics.succeeded(face, count, clock)
        return Answered(face, asked.id, outputs)

    def _timeout_s(self, timeout_us: int) -> float:
        milliseconds = timeout_us / 1e3 if timeout_us else self._settings.default_deadline_ms
        return min(milliseconds, self._settings.max_deadline_ms) / 1e3

    async def _graph(self, face: Face, pixels: bytes, batch: Batch, clock: Clock) -> Mapping[str, Tensor]:
        inferred = await self._room.infer(pixels, batch, clock)
        return {
            name: Tensor(name, "FP32", (batch.crops, len(data) // (FLOAT_BYTES * batch.crops)), data)
            for name, data in inferred._asdict().items()
        }

    async def _pictures(
        self, face: Face, files: Sequence[bytes], ask: Ask, clock: Clock
    ) -> tuple[Face, Mapping[str, Tensor]]:
        """Asks as `/v1/classify` does, of each picture as a whole; says which model answered, if it has changed."""
        clocks = [Clock() for _ in files]
        looks = [
            asyncio.ensure_future(self._pipeline.classify(file, ask, each))
            for file, each in zip(files, clocks, strict=True)
        ]
        try:
            answers = await asyncio.gather(*looks)  # all begin in one go, and so with one model
        finally:
            for look, each in zip(looks, clocks, strict=True):
                look.cancel()
                for stage, seconds in each.spent.items():
                    clock.add(stage, seconds)
        face = Face(face.name, answers[0].models[0], is_camera=True)
        rows = [_probabilities(number, answer) for number, answer in enumerate(answers)]
        data = floats([value for row in rows for value in row])
        return face, {"probabilities": Tensor("probabilities", "FP32", (len(rows), len(rows[0])), data)}


def _said(tensor: Tensor, wanted: Wanted, face: Face) -> Tensor:
    return classified(tensor, wanted.classes, face.labels(tensor.name)) if wanted.classes else tensor


def _probabilities(number: int, answer: Answer) -> list[float]:
    ((judgement,),) = answer.seen.judgements
    if not judgement.predictions:
        raise BadTensor(f"picture {number} can't be judged: {judgement.reason}")
    return _in_order(judgement)


def _in_order(judgement: Judgement) -> list[float]:
    return [each.probability for each in sorted(judgement.predictions, key=attrgetter("index"))]
