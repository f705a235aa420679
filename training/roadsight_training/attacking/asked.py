"""What is asked of an attack.

Asked, attacks, Session, Drawn --header--> all that the results depend on, as JSON
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from roadsight_models.bundle import GRADIENT
from roadsight_models.manifest import PrecisionName
from roadsight_models.robustness.attack import Attack
from roadsight_models.robustness.names import Norm
from roadsight_models.robustness.threat import ThreatModel
from roadsight_models.session import Session
from roadsight_training.attacking.drawn import Drawn, subject
from roadsight_training.attacking.parameters import parameters


@dataclass(frozen=True)
class Asked:
    """What the user says; the bundle and the pictures come to it.

    Raises:
        BadParameter: an epsilon is out of bounds.
    """

    attack: str  # of the catalogue
    norm: Norm | None  # None: the attack has no ball
    epsilons: tuple[float, ...]  # ascending; one, without meaning, where there is no ball
    n: int  # pictures, at most
    split: str
    precision: PrecisionName
    seed: int  # of the attack
    jpeg: int | None  # quality of the file that pictures pass through on their way
    target: str | None  # label that pictures are to be taken for
    steps: int | None = None  # of the attacks; their own number if None
    restarts: int | None = None  # likewise
    own: int | None = None  # pictures of the attacker, for the one that needs some; its usual number if None

    def __post_init__(self) -> None:
        _ = self.threats  # an epsilon out of bounds is refused at once

    @property
    def threats(self) -> tuple[ThreatModel, ...]:
        """One an epsilon."""
        return tuple(ThreatModel(self.norm or "linf", epsilon) for epsilon in self.epsilons)


def header(asked: Asked, attacks: Sequence[Attack], session: Session, drawn: Drawn) -> dict[str, object]:
    """States a run: with the same header the results are the same."""
    return {
        **subject(session, drawn, [GRADIENT]),
        **asdict(replace(asked, n=len(drawn.truth))),
        "attacks": [
            {"name": one.name, "access": one.access, "source": one.source, "parameters": parameters(one)}
            for one in attacks
        ],
    }
