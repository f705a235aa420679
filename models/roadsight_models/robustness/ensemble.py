"""Several attacks in turn, each on the pictures that withstood all before it: a strong one costs only what is left.

clean uint8, Criterion --besiege--> Siege: who broke which picture, and how many withstood them all
                          ValueError: no attack

The standard protocol of Croce and Hein 2020 (arXiv:2003.01690) is such a sequence.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from roadsight_models.frame import Pixels
from roadsight_models.robustness.attack import Attack
from roadsight_models.robustness.criterion import Criterion, Flags, Indices, Logits
from roadsight_models.robustness.harness import Trial, try_attack
from roadsight_models.robustness.threat import ThreatModel
from roadsight_models.robustness.verify import Outcome
from roadsight_models.robustness.victim import Victim

NOBODY = -1


@dataclass(frozen=True)
class Stage:
    """What one attack did, and what it cost."""

    attack: Attack
    faced: int  # pictures: those that withstood all attacks before
    broke: int  # of these
    queries: int  # pictures that the served session was asked about, the verification's among them
    steps: int  # pictures that were differentiated
    seconds: float


@dataclass(frozen=True, eq=False)
class Siege:
    """What is true of N pictures after all attacks."""

    criterion: Criterion
    clean_logits: Logits  # [N, K]
    already: Flags  # [N]: the criterion was met before anything was done
    outcome: Outcome  # of each picture by the attack that broke it, else by the last one
    broken_by: Indices  # int64 [N]: the place of that attack, or NOBODY
    stages: tuple[Stage, ...]  # one an attack, in their order

    @property
    def right(self) -> Flags:
        """Which of N clean pictures are named rightly."""
        return np.asarray(self.clean_logits.argmax(1) == self.criterion.labels) & np.isfinite(self.clean_logits).all(1)

    @property
    def withstood(self) -> Flags:
        """Which of N pictures are named rightly, and no attack got what was wanted of them."""
        return self.right & ~self.already & ~self.outcome.reached

    @property
    def robust_accuracy(self) -> float:
        """An upper bound on the share of pictures that no attack breaks: a better attack may leave fewer."""
        return float(self.withstood.mean())


def besiege(
    victim: Victim,
    clean: Pixels,
    criterion: Criterion,
    attacks: Sequence[Attack],
    threat: ThreatModel,
    rng: np.random.Generator,
    jpeg_quality: int | None = None,
) -> Siege:
    """Attacks pictures until they are broken or all attacks have failed; every success is verified.

    Args:
        victim: what is attacked.
        clean: uint8 [N, h, w, 3], N at least 1.
        criterion: what is wanted of them.
        attacks: the cheap ones first.
        threat: the norm, and how far they may go.
        rng: for all attacks, one after the other.
        jpeg_quality: see `verify`.

    Raises:
        BadParameter: an attack does not know the norm.
        ValueError: no attack.
    """
    if not attacks:
        raise ValueError("a siege needs an attack")
    trial = try_attack(victim, clean, criterion, attacks[0], threat, rng, jpeg_quality)
    clean_logits, already, outcome = trial.clean_logits, trial.already, trial.outcome
    broken_by = np.where(outcome.reached & ~already, 0, NOBODY).astype(np.int64)
    stages = [_stage(attacks[0], trial, int((~already).sum()))]
    for place, attack in enumerate(attacks[1:], start=1):
        left = np.flatnonzero(~already & (broken_by == NOBODY))
        if not len(left):
            stages.append(Stage(attack, 0, 0, 0, 0, 0.0))
            continue
        trial = try_attack(victim, clean[left], criterion.part(left), attack, threat, rng, jpeg_quality)
        broken_by[left[trial.outcome.reached]] = place
        outcome = _merged(outcome, trial.outcome, left)
        stages.append(_stage(attack, trial, len(left)))
    return Siege(criterion, clean_logits, already, outcome, broken_by, tuple(stages))


def _stage(attack: Attack, trial: Trial, faced: int) -> Stage:
    broke = int((trial.outcome.reached & ~trial.already).sum())
    return Stage(attack, faced, broke, trial.queries, trial.steps, trial.seconds)


def _merged(old: Outcome, new: Outcome, rows: Indices) -> Outcome:
    """The old outcome, with the new one of some pictures in its place."""
    changed = {}
    for field in fields(Outcome):
        values = getattr(old, field.name).copy()
        values[rows] = getattr(new, field.name)
        changed[field.name] = values
    return replace(old, **changed)
