"""The attacks by name, for whoever takes orders: an endpoint, a command line.

name, steps, restarts --make--> Attacks, to be tried in turn until one breaks the picture
                      BadParameter
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from roadsight_models.errors import BadParameter
from roadsight_models.robustness.attack import Attack
from roadsight_models.robustness.fgsm import FGSM
from roadsight_models.robustness.pgd import PGD

DEFAULT = "quick"


@dataclass(frozen=True)
class Entry:
    """How attacks are made."""

    make: Callable[[int, int], tuple[Attack, ...]]  # of steps and restarts
    steps: int | None = None  # unless told otherwise; None: it has none to choose, nor restarts


ATTACKS: Mapping[str, Entry] = {
    "quick": Entry(lambda steps, restarts: (FGSM(), PGD(steps, restarts=restarts)), steps=10),
    "fgsm": Entry(lambda steps, restarts: (FGSM(),)),
    "pgd": Entry(lambda steps, restarts: (PGD(steps, restarts=restarts),), steps=40),
}


def make(
    name: str, steps: int | None = None, restarts: int | None = None, most_steps: int | None = None
) -> tuple[Attack, ...]:
    """Makes what a name stands for.

    Args:
        name: one of ATTACKS.
        steps: at least 1; the attack's own number if None.
        restarts: at least 1; one if None.
        most_steps: what the attack's own number is cut to.

    Raises:
        BadParameter: no such attack (the nearest is named), or it has no steps to choose.
    """
    if name not in ATTACKS:
        near = get_close_matches(name, ATTACKS, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise BadParameter("attack", f"no attack {name[:40]!r}; {hint}there are: {', '.join(ATTACKS)}")
    entry = ATTACKS[name]
    for parameter, value in (("steps", steps), ("restarts", restarts)):
        if entry.steps is None and value is not None:
            raise BadParameter(parameter, f"{name} has none to choose")
    own = entry.steps or 1
    return entry.make(steps or min(own, most_steps or own), restarts or 1)
