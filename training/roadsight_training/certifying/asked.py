"""What is asked of certificates.

Asked, Session, Drawn --header--> all that the results depend on, as JSON
"""

from dataclasses import asdict, dataclass, replace

from roadsight_models.manifest import PrecisionName
from roadsight_models.robustness.certificate import Smoothing
from roadsight_models.session import Session
from roadsight_training.attacking.drawn import Drawn, subject

CHOOSING = 100  # noisy pictures that the class is chosen by, as Cohen et al. have it


@dataclass(frozen=True)
class Asked:
    """What the user says; the bundle and the pictures come to it.

    Raises:
        BadParameter: see `Smoothing`.
    """

    sigma: float  # of the noise, in pixel units
    samples: int  # noisy pictures to prove a class by
    alpha: float  # how likely each proof may be wrong
    n: int  # pictures, at most
    split: str
    precision: PrecisionName
    seed: int  # of the noise

    def __post_init__(self) -> None:
        _ = self.smoothing  # what makes no sense is refused at once

    @property
    def smoothing(self) -> Smoothing:
        """The classifier that is certified."""
        return Smoothing(self.sigma, CHOOSING, self.samples, self.alpha)


def header(asked: Asked, session: Session, drawn: Drawn) -> dict[str, object]:
    """States a run: with the same header the results are the same."""
    return {
        **subject(session, drawn),
        **asdict(replace(asked, n=len(drawn.truth))),
        "choosing": CHOOSING,
        "values": drawn.frames[0].size,
        "source": "Cohen et al. 2019, arXiv:1902.02918",
    }
