"""How attacks are told of: each with its parameters.

Attacks --parameters--> JSON values;  --described--> one line
"""

from collections.abc import Sequence
from dataclasses import asdict, fields, is_dataclass
from typing import Any

from roadsight_models.robustness.attack import Attack


def parameters(attack: Attack) -> dict[str, object]:
    """Its fields as JSON values; a loss by its name, and what has fields itself by those."""
    assert is_dataclass(attack)
    return {field.name: _plain(getattr(attack, field.name)) for field in fields(attack)}


def _plain(value: Any) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return getattr(value, "__name__", value)


def described(attacks: Sequence[Attack]) -> str:
    """One line: each attack with its parameters."""
    said = (", ".join(f"{name} {value}" for name, value in parameters(attack).items()) for attack in attacks)
    return "; ".join(f"{attack.name}: {how}" if how else attack.name for attack, how in zip(attacks, said, strict=True))
