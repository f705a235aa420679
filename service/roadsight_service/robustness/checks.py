"""The way of a check, on one screen; knows no FastAPI.

body + Question --back room--> frame, crop --attacks, or noise--> Check --judge--> Finding
UnknownTask      QueueFull     BadImage, TooLarge, BadRegion      DeadlineMissed
BadParameter
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from functools import partial
from time import perf_counter

import cv2

from roadsight_models.errors import BadParameter, BadRegion
from roadsight_models.frame import Pixels
from roadsight_models.probabilities import judge
from roadsight_models.robustness.check import Check, Plan, check, prove
from roadsight_models.robustness.smoothing import Smoothing
from roadsight_models.robustness.victim import Victim
from roadsight_models.session import Session
from roadsight_service.examine import prepare
from roadsight_service.metrics import Clock
from roadsight_service.registry import Registry
from roadsight_service.robustness.back_room import BackRoom, Stay
from roadsight_service.robustness.metrics import CheckMetrics
from roadsight_service.robustness.question import Attempt, Finding, Question, Spent

Examination = Callable[[Victim, Pixels], Check]


class Checks:
    """Registry and back room, put together."""

    def __init__(self, registry: Registry, room: BackRoom, metrics: CheckMetrics, max_pixels: int) -> None:
        self._registry, self._room, self._max_pixels = registry, room, max_pixels
        self.metrics = metrics
        metrics.watch(room)

    async def check(self, body: bytes, question: Question, clock: Clock) -> Finding:
        """One frame in, a verdict on one of its regions out.

        Raises:
            UnknownTask: nothing serves the task.
            BadParameter: several tasks are served and none was named; no such class; an attack that does not know the
                norm, or needs a gradient that the model was published without.
            BadImage, TooLarge: `body` is not a picture of an accepted kind, breaks off, or is too big.
            BadRegion: the region lies outside the picture, or can't be judged.
            QueueFull, Draining: the check was not let in.
            DeadlineMissed: `question.deadline` passed before the verdict; nothing more was computed.
        """
        session = self._session(question.task)
        examine = _examination(question, session.manifest.labels)
        asked = perf_counter()

        def work(stay: Stay) -> Finding:
            clock.add("queue", perf_counter() - asked)
            return self._work(body, question, session, examine, clock, stay)

        finding = await self._room.run(work, question.deadline)
        self.metrics.count(finding.check.verdict)
        return finding

    def close(self, within_s: float) -> None:
        """Stops the check at work and the one that waits."""
        self._room.close(within_s)

    def _session(self, task: str | None) -> Session:
        sessions = self._registry.select(() if task is None else (task,), None)
        if len(sessions) > 1:
            raise BadParameter("task", f"which one? there are: {', '.join(self._registry.sessions)}")
        return sessions[0]

    def _work(
        self, body: bytes, question: Question, session: Session, examine: Examination, clock: Clock, stay: Stay
    ) -> Finding:
        """Runs in the back room."""
        asked = () if question.region is None else (question.region,)
        prepared = prepare(body, asked, (session,), self._max_pixels, clock, layout=question.layout)
        (region,), ((_, crops),) = prepared.regions, prepared.crops
        if crops.reasons[0]:
            raise BadRegion(0, list(region.box), crops.reasons[0])
        victim = Victim(session, self._registry.gradients.get(session.manifest.task), stay.go_on)
        start = perf_counter()
        with self._counting(victim), clock.stage("inference"):
            found = examine(victim, crops.pixels)
        spent = Spent(victim.steps, victim.queries, perf_counter() - start)
        with clock.stage("postprocess"):
            (clean,) = judge(found.clean_logits, session.manifest)
            if clean.status == "unknown":
                raise BadRegion(0, list(region.box), str(clean.reason))
            adversarial = judge(found.outcome.logits, session.manifest)[0] if found.outcome else None
            png = _png(found) if isinstance(question.how, Attempt) and question.how.image else None
        return Finding(prepared.width, prepared.height, region, session, found, clean, adversarial, png, spent)

    @contextmanager
    def _counting(self, victim: Victim) -> Iterator[None]:
        metrics = self.metrics
        with metrics.running.track_inprogress(), metrics.seconds.time():
            try:
                yield
            finally:
                metrics.steps.inc(victim.steps)
                metrics.queries.inc(victim.queries)


def _examination(question: Question, labels: tuple[str, ...]) -> Examination:
    """What is to be done with the crop.

    Raises:
        BadParameter: no such class.
    """
    how, label = question.how, _index("label", question.label, labels)
    if isinstance(how, Smoothing):
        return partial(prove, smoothing=how, label=label, seed=question.seed)
    target = _index("target", how.target, labels)
    return partial(check, plan=Plan(how.attacks, how.threat, label, target, how.search, question.seed))


def _png(found: Check) -> bytes | None:
    if found.verdict != "broken" or found.outcome is None:
        return None
    _, data = cv2.imencode(".png", found.outcome.frames[0][..., ::-1])
    return data.tobytes()


def _index(name: str, said: str | None, labels: tuple[str, ...]) -> int | None:
    """The class that a client means, by its name or its number."""
    if said is None or said in labels:
        return None if said is None else labels.index(said)
    if said.isascii() and said.isdecimal() and len(said) <= 6 and int(said) < len(labels):
        return int(said)
    near = get_close_matches(said[:40], labels, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else "see GET /v1/models"
    raise BadParameter(name, f"no class {said[:40]!r} of {len(labels)}; {hint}")
