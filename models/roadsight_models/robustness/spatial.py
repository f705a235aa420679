"""The camera is held a little differently: turned, scaled and shifted pictures, the worst of a grid.

    Spatial --poses--> Pose(s), the mildest first --Warp--> pixels

Engstrom et al. 2019 (arXiv:1712.02779), who find that a grid beats the gradient here. A crop alone doesn't know what
was around it, so beyond its border the border goes on.
"""

from dataclasses import dataclass
from itertools import product
from typing import ClassVar, NamedTuple

import numpy as np

from roadsight_models.errors import BadParameter
from roadsight_models.robustness.attack import Access
from roadsight_models.robustness.best import Best
from roadsight_models.robustness.criterion import Criterion
from roadsight_models.robustness.names import Norm
from roadsight_models.robustness.threat import Floats, ThreatModel
from roadsight_models.robustness.victim import Victim
from roadsight_models.robustness.warp import Warp


class Pose(NamedTuple):
    """How a picture is moved: each a share, from -1 to 1, of the most that is allowed."""

    turn: float
    scale: float
    right: float
    down: float


@dataclass(frozen=True)
class Spatial:
    """Tries every pose of a grid, the mildest first, until a picture is fooled.

    Raises:
        BadParameter: a range is out of bounds, or there are none of a kind.
    """

    degrees: float = 15.0  # at most, either way; up to 180
    scale: float = 0.1  # under 1: a picture does not shrink to nothing
    shift: float = 0.1  # share of the sides; up to 1
    angles: int = 11  # how many of each, evenly; odd numbers hold the picture as it is
    scales: int = 3
    shifts: int = 3  # across, and as many down

    name: ClassVar[str] = "spatial"
    access: ClassVar[Access] = "scores"
    norms: ClassVar[tuple[Norm, ...]] = ()
    source: ClassVar[str] = "Engstrom et al. 2019, arXiv:1712.02779"

    def __post_init__(self) -> None:
        if not 0 <= self.degrees <= 180:
            raise BadParameter("degrees", f"{self.degrees}: it is a number from 0 to 180")
        if not 0 <= self.scale < 1:
            raise BadParameter("scale", f"{self.scale}: it is a share from 0 up to, but not, 1")
        if not 0 <= self.shift <= 1:
            raise BadParameter("shift", f"{self.shift}: it is a share from 0 to 1")
        for name in ("angles", "scales", "shifts"):
            if getattr(self, name) < 1:
                raise BadParameter(name, f"{getattr(self, name)}: at least 1, which leaves the picture as it is")

    def run(
        self, victim: Victim, clean: Floats, criterion: Criterion, threat: ThreatModel, rng: np.random.Generator
    ) -> Floats:
        """See `Attack`. Whatever the threat: there is no ball around a picture that is moved."""
        best = Best(clean, criterion)
        for pose in self.poses():
            rows = best.left
            if not len(rows):
                break
            shift = (pose.right * self.shift, pose.down * self.shift)
            size = (clean.shape[1], clean.shape[2])
            pixels = Warp(size, pose.turn * self.degrees, 1 + pose.scale * self.scale, shift).apply(clean[rows])
            best.take(rows, pixels, victim.logits(pixels))
        return best.pixels

    def poses(self) -> list[Pose]:
        """The grid, each pose once, by how far it is from none."""
        sides = (
            (self.degrees, self.angles),
            (self.scale, self.scales),
            (self.shift, self.shifts),
            (self.shift, self.shifts),
        )
        axes = (np.linspace(-1, 1, count).tolist() if most and count > 1 else [0.0] for most, count in sides)
        return sorted((Pose(*shares) for shares in product(*axes)), key=lambda pose: sum(part**2 for part in pose))
