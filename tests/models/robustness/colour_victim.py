"""The colour bundle under attack: linear, so that it is known beforehand what an attack can do.

    flat(153, 128, 0) --Victim--> logits, 12 / 255 for each grey level: red leads green by 25 levels

A change of n levels a value in linf takes 2 n from that lead, so 13 levels turn red into green and 12 don't. In l2, a
step of d levels in red and green of each of 256 pixels is sqrt(512) d / 255 long and takes 2 d as well.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import colour_gradient
from colours import SIDE
from roadsight_models.frame import Pixels
from roadsight_models.gradient import GradientSession, open_gradient
from roadsight_models.robustness.criterion import Criterion
from roadsight_models.robustness.victim import Victim, goes_on
from roadsight_models.session import Session, open_session

RED, GREEN, BLUE = range(3)
LEAD = 25  # grey levels, of red over green in `reds`
NEEDED = LEAD // 2 + 1  # grey levels of a step that turns red into green
SHORTEST = NEEDED * (2 * SIDE**2) ** 0.5 / 255  # in l2, of such a step in whole grey levels


@cache
def sessions() -> tuple[Session, GradientSession]:
    """The session that serves the colour bundle, and its gradient."""
    with TemporaryDirectory() as folder:
        bundle = colour_gradient.save(Path(folder))
        return open_session(bundle, "cpu"), open_gradient(bundle, "cpu")


def fresh(check: Callable[[], None] = goes_on) -> Victim:
    """The colour bundle with its gradient, as it would serve; it has not been asked anything yet."""
    served, gradient = sessions()
    return Victim(served, gradient, check)


def flat(*colour: int) -> Pixels:
    """One picture of one colour, uint8 [1, 16, 16, 3]."""
    return np.broadcast_to(np.array(colour, np.uint8), (1, SIDE, SIDE, 3)).copy()


def reds(count: int = 1) -> Pixels:
    """Red pictures that are nearly green, uint8 [count, 16, 16, 3]."""
    return np.repeat(flat(128 + LEAD, 128, 0), count, axis=0)


def leads(*margins: int) -> Pixels:
    """Pictures in which red leads by so many grey levels, uint8 [N, 16, 16, 3]; a negative lead is named green."""
    frames = np.empty((len(margins), SIDE, SIDE, 3), np.uint8)
    for frame, margin in zip(frames, margins, strict=True):
        frame[:] = (128 + margin, 128, 60)
    return frames


def peppered() -> Pixels:
    """Red, but for single green pixels that make it green on the whole: uint8 [1, 16, 16, 3]."""
    frames = flat(156, 123, 0)
    frames[:, 1::3, 1::3] = (0, 255, 0)  # 25 of 256
    frames[:, 0::6, 0::6] = (0, 255, 0)  # and 9 in between
    return frames


def not_of(label: int, count: int = 1) -> Criterion:
    """Pictures of a class are to be taken for anything else."""
    return Criterion(np.full(count, label))


def not_red(count: int = 1) -> Criterion:
    """They are to be taken for anything else."""
    return not_of(RED, count)


def named(colour: int, count: int = 1) -> Criterion:
    """Red ones are to be taken for this colour."""
    return Criterion(np.full(count, RED), np.full(count, colour))
