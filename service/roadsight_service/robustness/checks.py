"""The way of a check, on one screen; knows no FastAPI, and no model.

body + Question --back room--> its turn --Room.examine--> Finding
UnknownTask      QueueFull                BadImage, TooLarge, BadRegion, BadParameter
UnknownVersion   Draining                 DeadlineMissed, LaneLost
BadParameter
"""

from dataclasses import replace
from time import perf_counter

from roadsight_models.errors import BadParameter
from roadsight_service.metrics import Clock
from roadsight_service.robustness.back_room import BackRoom
from roadsight_service.robustness.metrics import CheckMetrics
from roadsight_service.robustness.question import Finding, Question
from roadsight_service.room import Room
from roadsight_service.served import select


class Checks:
    """The machine room that serves, and the back room where checks wait for it."""

    def __init__(self, room: Room, metrics: CheckMetrics) -> None:
        self._room, self._back_room = room, BackRoom()
        self.metrics = metrics
        metrics.watch(self._back_room)

    async def check(self, body: bytes, question: Question, clock: Clock) -> Finding:
        """One frame in, a verdict on one of its regions out, by the model that serves when the check's turn comes.

        Raises:
            UnknownTask, UnknownVersion: nothing serves the task, or another version; now, or when its turn comes.
            BadParameter: several tasks are served and none was named; no such class; an attack that does not know the
                norm, or needs a gradient that the model was published without.
            BadImage, TooLarge: `body` is not a picture of an accepted kind, breaks off, or is too big.
            BadRegion: the region lies outside the picture, or can't be judged.
            QueueFull, Draining: the check was not let in.
            DeadlineMissed: `question.deadline` passed before the verdict; nothing more is computed.
            LaneLost: the process that worked on it died.
        """
        self._chosen(question)  # what is plainly wrong need not wait
        asked = perf_counter()

        async def work() -> Finding:
            clock.add("queue", perf_counter() - asked)
            with self.metrics.running.track_inprogress(), self.metrics.seconds.time():
                return await self._room.examine(body, self._chosen(question), clock, lambda: not self._room.has_time)

        finding = await self._back_room.run(work, question.deadline)
        self.metrics.found(finding)
        return finding

    async def close(self, within_s: float) -> None:
        """Stops the check at work and the one that waits."""
        await self._back_room.close(within_s)

    def _chosen(self, question: Question) -> Question:
        """The question, with the one task that it is about."""
        models = select(self._room.models, () if question.task is None else (question.task,), question.version)
        if len(models) > 1:
            raise BadParameter("task", f"which one? there are: {', '.join(self._room.models)}")
        question.classes(models[0].manifest.labels)
        return replace(question, task=models[0].manifest.task)
