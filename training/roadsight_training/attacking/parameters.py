"""How attacks are told of: each with its parameters.

Attacks --parameters--> JSON values;  --described--> one line
"""

from collections.abc import Sequence
from dataclasses import fields, is_dataclass

from roadsight_models.robustness.attack import Attack


def parameters(attack: Attack) -> dict[str, object]:
    """Its fields as JSON values; a loss by its name."""
    assert is_dataclass(attack)
    values = ((field.name, getattr(attack, field.name)) for field in fields(attack))
    return {name: getattr(value, "__name__", value) for name, value in values}


def described(attacks: Sequence[Attack]) -> str:
    """One line: each attack with its parameters."""
    said = (", ".join(f"{name} {value}" for name, value in parameters(attack).items()) for attack in attacks)
    return "; ".join(f"{attack.name}: {how}" if how else attack.name for attack, how in zip(attacks, said, strict=True))
