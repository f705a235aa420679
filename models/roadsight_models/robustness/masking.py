"""Whether white-box attacks fail because the network withstands, or because its gradient says nothing.

pictures, Criterion, ThreatModel --check_masking--> Checks, each with its figures; one that does not hold is a sign

The signs are those of Athalye et al. 2018 (arXiv:1802.00420, section 3.1) and Carlini et al. 2019 (arXiv:1902.06705).
None is a proof: a network may mask its gradient and show none of them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from roadsight_models.frame import Pixels
from roadsight_models.robustness.attack import Attack
from roadsight_models.robustness.criterion import Criterion, Flags
from roadsight_models.robustness.fgsm import FGSM
from roadsight_models.robustness.harness import try_attack
from roadsight_models.robustness.names import Norm
from roadsight_models.robustness.pgd import PGD
from roadsight_models.robustness.square import Square
from roadsight_models.robustness.threat import ThreatModel
from roadsight_models.robustness.victim import Victim

CHANCE = 0.02  # of the pictures: by so much an attack may do better than one that should be stronger


@dataclass(frozen=True)
class Probes:
    """The attacks that are held against each other."""

    one_step: Attack
    many_steps: Attack
    many_starts: Attack
    black_box: Attack


PROBES = Probes(FGSM(), PGD(steps=40), PGD(steps=40, restarts=5), Square())


@dataclass(frozen=True)
class MaskingCheck:
    """A sentence that is true of a network which does not mask its gradient."""

    name: str
    figures: Mapping[str, float]  # shares of the attacked pictures that were broken, by what
    holds: bool


def check_masking(
    victim: Victim,
    clean: Pixels,
    criterion: Criterion,
    threat: ThreatModel,
    seed: int,
    probes: Probes = PROBES,
) -> tuple[MaskingCheck, ...]:
    """Holds attacks against each other on the pictures that do not meet the criterion by themselves.

    Args:
        victim: what is attacked, with its gradient.
        clean: uint8 [N, h, w, 3], N at least 1; a hundred tell something.
        criterion: what is wanted of them.
        threat: the norm and the epsilon at which attacks are compared; best one that breaks some and not all.
        seed: of each attack.
        probes: what they are attacked with.

    Returns:
        A check for each question, or none where every picture meets the criterion by itself.

    Raises:
        BadParameter: the model was published without a gradient, or an attack does not know the norm.
    """
    clean, criterion = _left(victim, clean, criterion)
    if not len(clean):
        return ()

    def broken(attack: Attack, within: ThreatModel) -> float:
        trial = try_attack(victim, clean, criterion, attack, within, np.random.default_rng(seed))
        return float(trial.outcome.reached.mean())

    one, many = broken(probes.one_step, threat), broken(probes.many_steps, threat)
    starts = broken(probes.many_starts, threat)
    whole = broken(probes.many_steps, ThreatModel(threat.norm, unbounded(threat.norm, clean)))
    black = broken(probes.black_box, threat)
    white_box, black_box = {"white box": starts}, {"black box": black}
    return (
        MaskingCheck("many steps break as much as one", {"one step": one, "many steps": many}, one <= many + CHANCE),
        MaskingCheck(
            "one start breaks as much as many", {"one start": many, "many starts": starts}, starts <= many + CHANCE
        ),
        MaskingCheck("without a bound everything breaks", {"without a bound": whole}, whole == 1),
        MaskingCheck("the white box breaks as much as the black box", white_box | black_box, black <= starts + CHANCE),
    )


def masks(checks: Sequence[MaskingCheck]) -> bool:
    """The verdict: whether anything speaks for a masked gradient."""
    return not all(check.holds for check in checks)


def unbounded(norm: Norm, clean: Pixels) -> float:
    """An epsilon that allows every picture in [0, 1]."""
    return math.sqrt(clean[0].size) if norm == "l2" else 1.0


def _left(victim: Victim, clean: Pixels, criterion: Criterion) -> tuple[Pixels, Criterion]:
    faced: Flags = ~criterion.reached(victim.answers(clean))
    return clean[faced], criterion.part(faced)
