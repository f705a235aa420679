"""Something stands before it: one rectangle of a stated share of the picture, where it hurts most.

    epsilon --sides_of--> height, width;  places on a coarse grid, then round the worst of them --covered--> pixels

The rectangle has the picture's proportions, so far as whole pixels allow, and never more than its share. The search for
the place of a grey one is that of Wu, Tong and Vorobeychik 2019 (arXiv:1909.09552).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from roadsight_models.robustness.attack import Access
from roadsight_models.robustness.criterion import Criterion, Flags, Indices
from roadsight_models.robustness.losses import margin
from roadsight_models.robustness.names import Norm
from roadsight_models.robustness.threat import SLACK, Floats, ThreatModel
from roadsight_models.robustness.victim import Victim

Places = npt.NDArray[np.int64]  # [N, 2]: top and left

GREY = (0.5, 0.5, 0.5)
CORNERS = tuple(product((0.0, 1.0), repeat=3))  # of the cube of colours
AROUND = tuple(place for place in product((-1, 0, 1), repeat=2) if any(place))


@dataclass(frozen=True)
class Occlusion:
    """Looks at every place of a grid, then round the worst ever more closely. A picture that is fooled is left so."""

    grid: int = 8  # places a side
    worst_colour: bool = False  # grey, or the worst of grey and the eight pure colours, at nine times the queries

    name: ClassVar[str] = "occlusion"
    access: ClassVar[Access] = "scores"
    norms: ClassVar[tuple[Norm, ...]] = ("l0",)
    source: ClassVar[str] = "Wu et al. 2019, arXiv:1909.09552"

    def run(
        self, victim: Victim, clean: Floats, criterion: Criterion, threat: ThreatModel, rng: np.random.Generator
    ) -> Floats:
        """See `Attack`."""
        size = (clean.shape[1], clean.shape[2])
        sides = sides_of(size, threat.epsilon)
        if not all(sides):
            return clean.copy()
        room = np.subtract(size, sides)
        search = _Search(victim, clean, criterion, sides)
        tops, lefts = (np.linspace(0, most, min(self.grid, most + 1)).round().astype(int) for most in room.tolist())
        for place, colour in product(product(tops, lefts), self._colours()):
            search.everywhere(np.array(place), np.array(colour, np.float32))
        for stride in _halves(math.ceil(room.max() / max(self.grid - 1, 1))):
            search.around(stride, room)
        return search.pixels()

    def _colours(self) -> tuple[tuple[float, ...], ...]:
        return (GREY, *CORNERS) if self.worst_colour else (GREY,)


def sides_of(size: tuple[int, int], share: float) -> tuple[int, int]:
    """Height and width of the largest rectangle of the picture's proportions with no more than a share of its pixels.

    Args:
        size: height and width of the picture.
        share: from 0 to 1. Too small for one pixel: no rectangle, a side is 0.
    """
    height, width = size
    allowed = int(share * height * width + SLACK)
    tall = max(math.isqrt(allowed * height // width), 1)
    return tall, min(allowed // tall, width)


def covered(places: Places, sides: tuple[int, int], size: tuple[int, int]) -> Flags:
    """Which pixels of each picture its rectangle covers: bool [N, h, w]."""
    down, across = (
        (np.arange(length) >= start[:, None]) & (np.arange(length) < start[:, None] + side)
        for length, start, side in zip(size, places.T, sides, strict=True)
    )
    return np.asarray(down[:, :, None] & across[:, None, :])


class _Search:
    """The worst rectangle of each picture so far."""

    def __init__(self, victim: Victim, clean: Floats, criterion: Criterion, sides: tuple[int, int]) -> None:
        self._victim, self._clean, self._criterion, self._sides = victim, clean, criterion, sides
        self._places = np.zeros((len(clean), 2), np.int64)
        self._colours = np.zeros((len(clean), 3), np.float32)
        self._margins = np.full(len(clean), -np.inf)  # inf once the criterion is met

    def pixels(self) -> Floats:
        """The pictures with their rectangles, float32 [N, h, w, 3]."""
        return self._paint(np.arange(len(self._clean)), self._places, self._colours)

    def everywhere(self, place: Places, colour: Floats) -> None:
        """Tries one rectangle on all pictures that are not fooled yet."""
        rows = self._left()
        self._try(rows, np.tile(place, (len(rows), 1)), np.tile(colour, (len(rows), 1)))

    def around(self, stride: int, room: Places) -> None:
        """Tries the eight places around each picture's own, `stride` away, in its own colour."""
        middle = self._places.copy()
        for offset in AROUND:
            rows = self._left()
            self._try(rows, (middle[rows] + stride * np.array(offset)).clip(0, room), self._colours[rows])

    def _left(self) -> Indices:
        return np.flatnonzero(self._margins < np.inf)

    def _try(self, rows: Indices, places: Places, colours: Floats) -> None:
        if not len(rows):
            return
        logits, criterion = self._victim.logits(self._paint(rows, places, colours)), self._criterion.part(rows)
        margins = np.where(criterion.reached(logits), np.inf, margin(logits, criterion).values)
        better = margins > self._margins[rows]
        chosen = rows[better]
        self._places[chosen], self._colours[chosen] = places[better], colours[better]
        self._margins[chosen] = margins[better]

    def _paint(self, rows: Indices, places: Places, colours: Floats) -> Floats:
        clean = self._clean[rows]
        mask = covered(places, self._sides, (clean.shape[1], clean.shape[2]))
        return np.where(mask[..., None], colours[:, None, None], clean)


def _halves(number: int) -> Iterator[int]:
    while number := number // 2:
        yield number
