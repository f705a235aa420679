"""The kinds of what is asked: a frame, or crops that a client has cut itself.

FrameOrder --some regions, and the whole frame--> lanes --judgements--------------> Seen
BatchOrder --some crops, and no others----------> lanes --what the graph gave-----> Inferred
"""

from roadsight_models.regions import whole, within
from roadsight_service.metrics import Clock
from roadsight_service.processes import wire
from roadsight_service.processes.order import Body, Order, Part
from roadsight_service.processes.wire import Piece, Reply
from roadsight_service.quality import Quality
from roadsight_service.room import Ask, Batch, Inferred, Seen, crops_of
from roadsight_service.served import Models


class FrameOrder(Order[Seen]):
    """A frame, and what is wanted of it."""

    def __init__(self, body: bytes, ask: Ask, tasks: tuple[str, ...], clock: Clock) -> None:
        super().__init__(body, ask, max(1, len(ask.regions)), crops_of(ask, tasks), clock)
        self._ask, self._tasks, self.stream = ask, tasks, ask.stream

    def piece(self, slot: int, first: int, end: int) -> tuple[Piece, Body]:
        """Some regions, and the whole frame."""
        boxes = tuple([(box.x1, box.y1, box.x2, box.y2) for box in (region.box for region in self._ask.regions)])
        layout = self._ask.layout and tuple(self._ask.layout)
        asked = self._tasks, self._ask.top, self._ask.suspicion, False, layout
        return Piece(slot, len(self.body), self.deadline, boxes, first, end, *asked), self.body

    def read(self, reply: Reply, models: Models) -> Part:
        """Judgements, [region][task]."""
        labels = [models[task].manifest.labels for task in self._tasks]
        rows = tuple([tuple(map(wire.judgement, row, labels)) for row in reply.rows])
        return Part(rows, reply.spent, (reply.width, reply.height), Quality(*reply.quality))

    def _answer(self, parts: list[Part]) -> Seen:
        _, _, size, quality = parts[0]
        assert quality is not None, "`read` gave it"
        regions = within(self._ask.regions, *size) or (whole(*size),)
        return Seen(*size, regions, tuple(row for each in parts for row in each.rows), quality)


class BatchOrder(Order[Inferred]):
    """Crops that a client has cut itself, which stand for regions."""

    def __init__(self, body: bytes, batch: Batch, clock: Clock) -> None:
        super().__init__(body, batch, batch.crops, batch.crops, clock)
        self._task = batch.task

    def piece(self, slot: int, first: int, end: int) -> tuple[Piece, Body]:
        """Some crops, and no others."""
        size = len(self.body) // self.regions
        body = memoryview(self.body)[first * size : end * size]
        return Piece(slot, len(body), self.deadline, (), first, end, (self._task,), 0, False, True), body

    def read(self, reply: Reply, models: Models) -> Part:
        """Logits and embedding, [crop]."""
        return Part(reply.rows, reply.spent)

    def _answer(self, parts: list[Part]) -> Inferred:
        logits, embedding = zip(*(row for each in parts for row in each.rows), strict=True)
        return Inferred(b"".join(logits), b"".join(embedding))
