"""Pictures whose robustness is known: of one colour, in which red leads by so many grey levels.

In linf the best attack of `epsilon` lowers red and raises green by it: a lead of more than twice that withstands.
"""

from pathlib import Path

import numpy as np

import colour_gradient
import colours
from roadsight_models.frame import Pixels
from roadsight_models.gradient import open_gradient
from roadsight_models.robustness.criterion import Criterion
from roadsight_models.robustness.victim import Victim
from roadsight_models.session import open_session

RED, GREEN, BLUE = range(3)


def leads(*margins: int) -> Pixels:
    """uint8 [N, 16, 16, 3]; a negative margin is named green."""
    frames = np.empty((len(margins), colours.SIDE, colours.SIDE, 3), np.uint8)
    for frame, margin in zip(frames, margins, strict=True):
        frame[:] = (128 + margin, 128, 60)
    return frames


def red(count: int, target: int | None = None) -> Criterion:
    """All are red; they are to become anything else, or the target."""
    labels = np.zeros(count, np.int64)
    return Criterion(labels, None if target is None else np.full_like(labels, target))


def victim(root: Path) -> Victim:
    """The colour bundle with its gradient."""
    bundle = colour_gradient.save(root)
    return Victim(open_session(bundle, "cpu"), open_gradient(bundle, "cpu"))
