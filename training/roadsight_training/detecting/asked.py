"""What is asked of the score.

Asked --to_bend--> Bent, one an attack and epsilon, not filled yet
      BadParameter
"""

from dataclasses import dataclass

from roadsight_models.manifest import PrecisionName
from roadsight_models.robustness.adaptive import Adaptive
from roadsight_models.robustness.catalogue import make
from roadsight_models.robustness.names import Norm
from roadsight_models.robustness.threat import ThreatModel
from roadsight_training.attacking.run import norm_of
from roadsight_training.detecting.bent import Bent

MOST = 1000  # steps or queries of an attack: what it has not broken by then is not counted
ATTACKS = ("fgsm", "pgd", "apgd", "fmn", "square")  # that know nothing of the score


@dataclass(frozen=True)
class Asked:
    """What the user says; the bundle and the pictures come to it."""

    attacks: tuple[str, ...]  # of the catalogue
    norm: Norm
    epsilons: tuple[float, ...]  # ascending
    n: int  # pictures, at most
    split: str
    precision: PrecisionName
    seed: int

    def to_bend(self, temperature: float) -> tuple[Bent, ...]:
        """All that is to be done: at each epsilon the attacks in their order, then the one that is told.

        Args:
            temperature: of the bundle's manifest, which the one that is told knows.

        Raises:
            BadParameter: no such attack, one that does not know the norm, or an epsilon out of bounds.
        """
        attacks = {name: make(name, most_steps=MOST) for name in self.attacks}
        attacks[Adaptive.name] = (Adaptive(temperature=temperature),)
        for some in attacks.values():
            norm_of(some, self.norm)
        threats = [ThreatModel(self.norm, epsilon) for epsilon in self.epsilons]
        return tuple(Bent(name, some, threat) for threat in threats for name, some in attacks.items())
