"""What Square changes of a picture: where it starts, and how it goes on from a perturbation.

    start: nothing --> perturbation float32 [h, w, 3]
    change: perturbation, side --> another

Andriushchenko et al. 2020 (arXiv:1912.00049), algorithms 2 and 3 and their appendix.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from roadsight_models.robustness.names import Norm
from roadsight_models.robustness.threat import Floats

Window = tuple[slice, slice]

TILES = 5  # that a side of the picture is cut into at the start, in l2
_TINY = np.finfo(np.float32).tiny


class Squares(NamedTuple):
    """Of one norm."""

    start: Callable[[tuple[int, ...], float, np.random.Generator], Floats]  # of shape (h, w, 3), as long as epsilon
    change: Callable[[Floats, float, int, np.random.Generator], Floats]  # to epsilon, in a square of that side


def _stripes(shape: tuple[int, ...], epsilon: float, rng: np.random.Generator) -> Floats:
    """Upright stripes, a pixel wide, each colour up or down."""
    return np.broadcast_to(np.float32(epsilon) * _signs((1, *shape[1:]), rng), shape)


def _recoloured(delta: Floats, epsilon: float, side: int, rng: np.random.Generator) -> Floats:
    """A square in which each colour goes all the way up or down."""
    changed = delta.copy()
    changed[_window(delta, side, rng)] = np.float32(epsilon) * _signs((3,), rng)
    return changed


def _tiled(shape: tuple[int, ...], epsilon: float, rng: np.random.Generator) -> Floats:
    """Tiles with a hill and a hollow each."""
    height, width, _ = shape
    side = max(min(height, width) // TILES, 2)
    delta = np.zeros(shape)
    for top in range(0, height - side + 1, side):
        for left in range(0, width - side + 1, side):
            delta[top : top + side, left : left + side] = _hill_and_hollow(side, rng) * _signs((3,), rng)
    return _as_long_as(epsilon, delta)


def _moved(delta: Floats, epsilon: float, side: int, rng: np.random.Generator) -> Floats:
    """Takes what is in one square, and whatever epsilon leaves over, to another, to shape a hill and a hollow there."""
    side = min(max(side | 1, 3), *delta.shape[:2])  # odd, to have a middle
    to, source = _window(delta, side, rng), _window(delta, side, rng)
    both = np.zeros((*delta.shape[:2], 1), bool)
    both[to] = both[source] = True
    squared = np.square(delta, dtype=np.float64)
    unused = max(epsilon**2 - squared.sum(), 0) / 3
    length = np.sqrt((squared * both).sum((0, 1)) + unused)  # [3]: what each colour may have
    shape = _hill_and_hollow(side, rng) * _signs((3,), rng) + _unit(delta[to])
    changed = delta.astype(np.float64)
    changed[source] = 0
    changed[to] = _unit(shape) * length
    return _as_long_as(epsilon, changed)


SQUARES: Mapping[Norm, Squares] = {"linf": Squares(_stripes, _recoloured), "l2": Squares(_tiled, _moved)}


def _window(delta: Floats, side: int, rng: np.random.Generator) -> Window:
    height, width, _ = delta.shape
    top, left = rng.integers(0, height - side + 1), rng.integers(0, width - side + 1)
    return slice(top, top + side), slice(left, left + side)


def _signs(shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    return rng.choice(np.array([-1, 1], np.float32), shape)


def _hill_and_hollow(side: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """One half of a square raised and the other lowered, most in their middles; of length 1: [side, side, 1]."""
    halves = [_hill(side // 2, side), -_hill(side - side // 2, side)]
    square = np.concatenate(halves) / np.sqrt(2)
    return np.asarray((square if rng.uniform() < 0.5 else square.T)[..., None])


def _hill(height: int, width: int) -> npt.NDArray[np.float64]:
    """Rings around the middle, each lower than the one inside by the inverse square of its number; of length 1."""
    rings = np.maximum(np.abs(np.arange(height) - height // 2)[:, None], np.abs(np.arange(width) - width // 2))
    drops = 1 / np.arange(1, max(height, width) // 2 + 2) ** 2
    hill = drops[::-1].cumsum()[::-1][rings]
    return np.asarray(hill / np.sqrt(np.square(hill).sum()))


def _unit(delta: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Each colour of [h, w, 3] at length 1, or at none if it is zero."""
    return np.asarray(delta / np.maximum(np.sqrt(np.square(delta, dtype=np.float64).sum((0, 1))), _TINY), np.float64)


def _as_long_as(epsilon: float, delta: npt.NDArray[np.float64]) -> Floats:
    return np.asarray(delta * (epsilon / max(np.sqrt(np.square(delta).sum()), _TINY)), np.float32)
