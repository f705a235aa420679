"""Whether one picture withstands: the question of the endpoint, of one picture instead of a data set.

clean uint8 [1, h, w, 3], Plan      --check--> Check: robust, broken, or wrong before anything was done
                                    BadParameter
clean uint8 [1, h, w, 3], Smoothing --prove--> Check: certified, abstained, or certified to be wrong
"""

from dataclasses import dataclass

import numpy as np

from roadsight_models.errors import BadParameter
from roadsight_models.frame import Pixels
from roadsight_models.robustness.attack import Attack
from roadsight_models.robustness.certificate import Certificate, Smoothing
from roadsight_models.robustness.criterion import Criterion, Logits
from roadsight_models.robustness.ensemble import besiege
from roadsight_models.robustness.names import Verdict
from roadsight_models.robustness.search import smallest
from roadsight_models.robustness.smoothing import certify
from roadsight_models.robustness.threat import ThreatModel
from roadsight_models.robustness.verify import Outcome
from roadsight_models.robustness.victim import Victim


@dataclass(frozen=True)
class Plan:
    """What is tried on a picture."""

    attacks: tuple[Attack, ...]  # in turn, until one breaks it
    threat: ThreatModel
    label: int | None = None  # the true class; what the model says of the clean picture if None
    target: int | None = None  # what it is to be taken for; anything but the label if None
    search: bool = False  # for the smallest epsilon, once it breaks
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Check:
    """What became of one picture."""

    verdict: Verdict
    clean_logits: Logits  # [1, K]
    outcome: Outcome | None = None  # of the attack that broke it, else of the last; None: none was needed
    threat: ThreatModel | None = None  # the ball of the outcome
    certificate: Certificate | None = None  # what was proven instead


def check(victim: Victim, clean: Pixels, plan: Plan) -> Check:
    """Attacks one picture.

    Args:
        victim: what is attacked; it counts what that takes.
        clean: uint8 [1, h, w, 3].
        plan: how.

    Raises:
        BadParameter: the target is the true class; an attack does not know the norm, or lacks the gradient.
    """
    logits = victim.answers(clean)
    said = int(logits[0].argmax())
    label = said if plan.label is None else plan.label
    if plan.target == label:
        raise BadParameter("target", "it is the true class already")
    if said != label:
        return Check("already_wrong", logits)
    target = None if plan.target is None else np.array([plan.target])
    criterion, rng = Criterion(np.array([label]), target), np.random.default_rng(plan.seed)

    def attempt(threat: ThreatModel) -> Outcome:
        return besiege(victim, clean, criterion, plan.attacks, threat, rng).outcome

    threat, outcome = smallest(attempt, plan.threat) if plan.search else (plan.threat, attempt(plan.threat))
    verdict: Verdict = "broken" if outcome.reached[0] else "robust"
    return Check(verdict, logits, outcome, threat)


def prove(victim: Victim, clean: Pixels, smoothing: Smoothing, label: int | None, seed: int) -> Check:
    """Certifies one picture; what is certified is the smoothed classifier, not the single answer of `clean_logits`.

    Args:
        victim: what answers; it counts what that takes.
        clean: uint8 [1, h, w, 3].
        smoothing: how.
        label: the true class; None: whichever noise leaves it.
        seed: of the noise.
    """
    logits = victim.answers(clean)
    found = certify(victim, clean[0], smoothing, np.random.default_rng(seed))
    if found.label is None:
        verdict: Verdict = "abstained"
    else:
        verdict = "certified" if label in (None, found.label) else "already_wrong"
    return Check(verdict, logits, certificate=found)
