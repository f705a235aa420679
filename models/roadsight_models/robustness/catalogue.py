"""The attacks by name, for whoever takes orders: an endpoint, a command line.

name, steps, restarts --make--> Attacks, to be tried in turn until one breaks the picture
                      BadParameter
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from roadsight_models.errors import BadParameter
from roadsight_models.robustness.apgd import APGD
from roadsight_models.robustness.attack import Attack
from roadsight_models.robustness.corrupted import Corrupted
from roadsight_models.robustness.fgsm import FGSM
from roadsight_models.robustness.fmn import FMN
from roadsight_models.robustness.hopskipjump import HopSkipJump
from roadsight_models.robustness.names import among
from roadsight_models.robustness.occlusion import Occlusion
from roadsight_models.robustness.pgd import PGD
from roadsight_models.robustness.spatial import Spatial
from roadsight_models.robustness.square import Square
from roadsight_models.robustness.sticker import Sticker

# Croce and Hein 2020 (arXiv:2003.01690), AutoAttack's standard version, with FMN in the place of FAB.
STANDARD: tuple[Attack, ...] = (APGD(), APGD("dlr", targets=9), FMN(), Square())

ATTACKS: Mapping[str, tuple[Attack, ...]] = {  # by their `ATTACK_NAMES`
    "quick": (FGSM(), PGD(steps=10)),
    "standard": STANDARD,
    "fgsm": (FGSM(),),
    "bim": (PGD(steps=10, random_start=False),),
    "pgd": (PGD(),),
    "apgd": (APGD(),),
    "apgd-dlr": (APGD("dlr"),),
    "apgd-t": (APGD("dlr", targets=9),),
    "fmn": (FMN(),),
    "square": (Square(),),
    "hopskipjump": (HopSkipJump(),),
    "occlusion": (Occlusion(),),
    "sticker": (Sticker(),),
    "spatial": (Spatial(),),
    "corruptions": (Corrupted(),),
}


def make(
    name: str, steps: int | None = None, restarts: int | None = None, most_steps: int | None = None
) -> tuple[Attack, ...]:
    """Makes what a name stands for.

    Args:
        name: one of ATTACKS.
        steps: at least 1, for those of its attacks that have steps; their own number if None.
        restarts: at least 1, in the same way.
        most_steps: what their own numbers of steps, or of queries, are cut to.

    Raises:
        BadParameter: no such attack (the nearest is named), or it has no steps or restarts to choose: what is standard
            is fixed.
    """
    attacks = ATTACKS[among(name, ATTACKS)]
    for parameter, value in (("steps", steps), ("restarts", restarts)):
        if value is None:
            continue
        if attacks is STANDARD or not any(hasattr(one, parameter) for one in attacks):
            raise BadParameter(parameter, f"{name} has none to choose")
        attacks = tuple(_with(one, parameter, value) for one in attacks)
    if most_steps is not None:
        for parameter in ("steps", "queries"):
            attacks = tuple(_with(one, parameter, min(getattr(one, parameter, 0), most_steps)) for one in attacks)
    return attacks


def _with(attack: Any, parameter: str, value: int) -> Attack:
    """The attack with a parameter changed, if it has that one."""
    changed: Attack = replace(attack, **{parameter: value}) if hasattr(attack, parameter) else attack
    return changed
