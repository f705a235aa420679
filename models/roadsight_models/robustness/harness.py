"""One attack on some pictures, from clean ones to what is true of the adversarial ones.

clean uint8, Criterion --try_attack--> Trial: attacked where that is needed, verified through the served session
"""

from dataclasses import dataclass
from time import perf_counter

import numpy as np

from roadsight_models.errors import BadParameter
from roadsight_models.frame import Pixels
from roadsight_models.robustness.attack import Attack
from roadsight_models.robustness.criterion import Criterion, Flags, Logits
from roadsight_models.robustness.threat import ThreatModel
from roadsight_models.robustness.verify import Outcome, verify
from roadsight_models.robustness.victim import Victim, to_floats


@dataclass(frozen=True, eq=False)
class Trial:
    """What an attack did to N pictures, and what it cost."""

    clean_logits: Logits  # [N, K]
    already: Flags  # [N]: the criterion was met before anything was done; such a picture is left as it is
    outcome: Outcome
    queries: int  # pictures that the served session was asked about, the verification's among them
    steps: int  # pictures that were differentiated
    seconds: float


def try_attack(
    victim: Victim,
    clean: Pixels,
    criterion: Criterion,
    attack: Attack,
    threat: ThreatModel,
    rng: np.random.Generator,
    jpeg_quality: int | None = None,
) -> Trial:
    """Attacks the pictures that do not meet the criterion by themselves, and verifies all.

    Args:
        victim: what is attacked.
        clean: uint8 [N, h, w, 3], N at least 1.
        criterion: what is wanted of them.
        attack: which.
        threat: the norm, and how far they may go; an attack without norms is judged without it.
        rng: for the attack.
        jpeg_quality: see `verify`.

    Raises:
        BadParameter: the attack does not know the norm.
    """
    if attack.norms and threat.norm not in attack.norms:
        raise BadParameter("norm", f"{attack.name} knows {', '.join(attack.norms)}, not {threat.norm}")
    start, queries, steps = perf_counter(), victim.queries, victim.steps
    clean_logits = victim.answers(clean)
    already = criterion.reached(clean_logits)
    pixels = to_floats(clean)
    left = np.flatnonzero(~already)
    if len(left):
        inner = threat.before_rounding(clean[0].size)
        pixels[left] = attack.run(victim, pixels[left], criterion.part(left), inner, rng)
    outcome = verify(victim, clean, pixels, criterion, threat if attack.norms else None, jpeg_quality)
    spent = victim.queries - queries, victim.steps - steps, perf_counter() - start
    return Trial(clean_logits, already, outcome, *spent)
