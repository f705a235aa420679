"""A check at work, wherever the models are: in a process of its own, or on a thread beside lanes that are threads.

body, Question --decode, cut--> crop --attacks, or noise--> Check --judge--> Finding
                 BadImage, TooLarge   BadParameter                BadRegion
                 BadRegion
"""

from collections.abc import Callable, Mapping
from functools import partial
from time import perf_counter
from typing import Protocol

import cv2

from roadsight_models.errors import BadRegion
from roadsight_models.frame import Pixels
from roadsight_models.probabilities import judge
from roadsight_models.regions import Box, Region
from roadsight_models.robustness import catalogue
from roadsight_models.robustness.certificate import Certificate, Smoothing
from roadsight_models.robustness.check import Check, Plan, check, prove
from roadsight_models.robustness.threat import ThreatModel
from roadsight_models.robustness.verify import Outcome
from roadsight_models.robustness.victim import Differentiable, Victim, goes_on
from roadsight_models.session import Outputs
from roadsight_service.examine import prepare
from roadsight_service.metrics import Clock
from roadsight_service.robustness.question import Attempt, Distance, Finding, Proof, Question, Spent
from roadsight_service.served import Model
from roadsight_service.settings import Settings

Examination = Callable[[Victim, Pixels], Check]


class Judging(Model, Protocol):
    """A model that can be asked: a session, or what stands for one."""

    def run(self, frames: Pixels) -> Outputs:
        """Infers uint8 [N, h, w, 3]."""


class Attacked(Protocol):
    """The models that serve, by task, and what gives their gradients: a `Registry`, or what stands for one."""

    @property
    def sessions(self) -> Mapping[str, Judging]:
        """What answers clients."""

    @property
    def gradients(self) -> Mapping[str, Differentiable]:
        """Of the bundles that were published with one."""


def examine(
    body: bytes,
    question: Question,
    models: Attacked,
    settings: Settings,
    clock: Clock,
    go_on: Callable[[], None] = goes_on,
) -> Finding:
    """One frame in, a verdict on one of its regions out.

    Args:
        body: a picture file.
        question: about one task.
        models: those that serve.
        settings: bound pictures and attacks.
        clock: is told of the stages.
        go_on: is called before each batch; what it raises ends the check.

    Raises:
        RoadsightError: see `Room.examine`.
    """
    assert question.task is not None, "the serving process chose one"
    session, gradient = models.sessions[question.task], models.gradients.get(question.task)
    labels = session.manifest.labels
    examination = _examination(question, labels, settings.robustness_max_steps)
    asked = () if question.region is None else (Region(Box(*question.region)),)
    prepared = prepare(body, asked, (session,), settings.max_pixels, clock, layout=question.layout)
    (region,), ((_, crops),) = prepared.regions, prepared.crops
    if crops.reasons[0]:
        raise BadRegion(0, list(region.box), crops.reasons[0])
    victim, start = Victim(session, gradient, go_on), perf_counter()
    with clock.stage("inference"):
        found = examination(victim, crops.pixels)
    spent = Spent(victim.steps, victim.queries, perf_counter() - start)
    with clock.stage("postprocess"):
        (clean,) = judge(found.clean_logits, session.manifest)
        if clean.status == "unknown":
            raise BadRegion(0, list(region.box), str(clean.reason))
        return Finding(
            width=prepared.width,
            height=prepared.height,
            region=region.box,
            task=question.task,
            version=session.manifest.version,
            verdict=found.verdict,
            clean=clean,
            spent=spent,
            adversarial=judge(found.outcome.logits, session.manifest)[0] if found.outcome else None,
            distance=_distance(found.outcome) if found.outcome else None,
            epsilon=found.threat.epsilon if found.threat else None,
            certificate=_proof(found.certificate, labels) if found.certificate else None,
            png=_png(found) if isinstance(question.how, Attempt) and question.how.image else None,
        )


def _examination(question: Question, labels: tuple[str, ...], most_steps: int) -> Examination:
    """What is to be done with the crop.

    Raises:
        BadParameter: no such class; the attack has no steps or restarts to choose; a norm or epsilon that is none.
    """
    how, (label, target) = question.how, question.classes(labels)
    if isinstance(how, Smoothing):
        return partial(prove, smoothing=how, label=label, seed=question.seed)
    return partial(check, plan=plan(how, label, target, question.seed, most_steps))


def plan(how: Attempt, label: int | None, target: int | None, seed: int, most_steps: int) -> Plan:
    """What is tried, of attacks that are known by their name.

    Args:
        how: what a client asked for.
        label: the true class; what the model says if None.
        target: what it is to be taken for; anything else if None.
        seed: of what is drawn at random.
        most_steps: what an attack's own number of steps, or of queries, is cut to.

    Raises:
        BadParameter: see `catalogue.make` and `ThreatModel`.
    """
    attacks = catalogue.make(how.attack, how.steps, how.restarts, most_steps)
    threat = ThreatModel(how.norm, how.epsilon)  # type: ignore[arg-type]  # it refuses a norm that it does not know
    return Plan(attacks, threat, label, target, how.search, seed)


def _distance(outcome: Outcome) -> Distance:
    return Distance(float(outcome.linf[0]), float(outcome.l2[0]))


def _proof(found: Certificate, labels: tuple[str, ...]) -> Proof:
    label, smoothing = None if found.label is None else labels[found.label], found.smoothing
    figures = found.votes, found.share, smoothing.alpha
    return Proof(label, found.label, found.radius, smoothing.sigma, smoothing.n, *figures)


def _png(found: Check) -> bytes | None:
    if found.verdict != "broken" or found.outcome is None:
        return None
    _, data = cv2.imencode(".png", found.outcome.frames[0][..., ::-1])
    return data.tobytes()
