"""The attacks that can be asked for by name.

name --ATTACKS--> attacks in turn
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass

from roadsight_models.robustness.attack import Attack
from roadsight_models.robustness.fgsm import FGSM
from roadsight_models.robustness.masking import PROBES
from roadsight_models.robustness.pgd import PGD

ATTACKS: Mapping[str, Callable[[], Sequence[Attack]]] = {
    "fgsm": lambda: (FGSM(),),
    "pgd": lambda: (PGD(),),
}
CHECKED_WITH = PROBES


def parameters(attack: Attack) -> dict[str, object]:
    """Its fields as JSON values; a loss by its name."""
    assert is_dataclass(attack)
    values = ((field.name, getattr(attack, field.name)) for field in fields(attack))
    return {name: getattr(value, "__name__", value) for name, value in values}


def described(attacks: Sequence[Attack]) -> str:
    """One line: each attack with its parameters."""
    said = (", ".join(f"{name} {value}" for name, value in parameters(attack).items()) for attack in attacks)
    return "; ".join(f"{attack.name}: {how}" if how else attack.name for attack, how in zip(attacks, said, strict=True))
