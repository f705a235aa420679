"""Pictures that attacks broke, and how suspicious they are.

Victim, Drawn, attacks, ThreatModel --bend--> Bent
                                    BadParameter
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from roadsight_models.robustness.attack import Attack
from roadsight_models.robustness.criterion import Flags
from roadsight_models.robustness.ensemble import NOBODY, besiege
from roadsight_models.robustness.squeezing import Suspicions, suspicion
from roadsight_models.robustness.threat import ThreatModel
from roadsight_models.robustness.victim import Victim
from roadsight_training.attacking.drawn import Drawn
from roadsight_training.attacking.journal import CHUNK


@dataclass(eq=False)
class Bent:
    """What one attack made of N pictures at one epsilon; filled chunk by chunk."""

    name: str
    attacks: Sequence[Attack]  # in turn, until one breaks the picture
    threat: ThreatModel
    broke: Flags = field(default_factory=lambda: np.zeros(0, bool))  # [N]: named rightly before, and verified
    scores: Suspicions = field(default_factory=lambda: np.zeros(0))  # [N]; of what was not broken they mean nothing


def bend(victim: Victim, drawn: Drawn, bent: Bent, seed: int, temperature: float) -> Iterator[int]:
    """Attacks all pictures and scores what came of them.

    Args:
        victim: what is attacked, with its gradient where an attack needs it.
        drawn: the pictures.
        bent: is filled.
        seed: of the attack.
        temperature: of the bundle's manifest.

    Yields:
        How many pictures are done, after each chunk.

    Raises:
        BadParameter: an attack does not know the norm.
    """
    for chunk, start in enumerate(range(0, len(drawn.truth), CHUNK)):
        rows = slice(start, start + CHUNK)
        rng = np.random.default_rng((seed, chunk))
        siege = besiege(victim, drawn.frames[rows], drawn.criterion(rows), bent.attacks, bent.threat, rng)
        bent.broke = np.concatenate([bent.broke, siege.right & (siege.broken_by != NOBODY)])
        bent.scores = np.concatenate([bent.scores, suspicion(victim, siege.outcome.frames, temperature)])
        yield len(bent.broke)
