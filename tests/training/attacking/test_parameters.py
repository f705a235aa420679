"""What a run says of its attacks can be written down, and read again as the same."""

import json

import pytest

from roadsight_models.robustness.catalogue import ATTACKS
from roadsight_training.attacking.parameters import described, parameters


@pytest.mark.parametrize("name", ATTACKS)
def test_every_attack_has_its_parameters_as_json(name: str) -> None:
    told = [parameters(attack) for attack in ATTACKS[name]]
    assert json.loads(json.dumps(told, allow_nan=False)) == [
        {key: list(value) if isinstance(value, tuple) else value for key, value in one.items()} for one in told
    ]


def test_what_has_fields_itself_is_told_by_these() -> None:
    (sticker,) = ATTACKS["sticker"]
    assert parameters(sticker)["views"] == {"degrees": 10.0, "scale": 0.1, "shift": 0.05, "light": 0.2}
    assert "looks 8" in described([sticker])
