"""Arrays in memory that two processes share.

arrays --lay--> memory, and how they lie --pick_up--> the same arrays, at the other end
"""

import math
from collections.abc import Iterable
from mmap import mmap
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Laid = tuple[tuple[str, tuple[int, ...]], ...]  # dtype and shape of each, one after the other


def lay(memory: mmap, at: int, arrays: Iterable[Array]) -> Laid:
    """Copies arrays into memory from `at` on, and says how they lie.

    Raises:
        ValueError: there is no room for them.
    """
    laid = []
    for array in arrays:
        laid.append((array.dtype.str, array.shape))
        (place,) = pick_up(memory, at, laid[-1:])
        place[...] = array
        at += array.nbytes
    return tuple(laid)


def pick_up(memory: mmap, at: int, laid: Iterable[tuple[str, tuple[int, ...]]]) -> list[Array]:
    """The arrays that lie from `at` on: no copies, so they change when others are laid there."""
    arrays = []
    for dtype, shape in laid:
        arrays.append(np.frombuffer(memory, dtype, math.prod(shape), at).reshape(shape))
        at += arrays[-1].nbytes
    return arrays
