"""What is asked becomes attacks in an order that can be told again, or is refused before anything is measured."""

from typing import Any

import numpy as np
import pytest

from roadsight_models.errors import BadParameter
from roadsight_models.robustness.adaptive import Adaptive
from roadsight_models.robustness.threat import ThreatModel
from roadsight_training.detecting.asked import ATTACKS, Asked
from roadsight_training.detecting.bent import Bent
from roadsight_training.detecting.page import figures

EIGHT = 8 / 255
GIVEN: dict[str, Any] = {
    **{"attacks": ("pgd", "fgsm"), "norm": "linf", "epsilons": (0.0, EIGHT), "n": 3, "split": "test"},
    **{"precision": "float32", "seed": 0},
}


def bent(**changes: object) -> list[tuple[float, str]]:
    return [(one.threat.epsilon, one.name) for one in Asked(**GIVEN | changes).to_bend(2.0)]


def test_at_each_epsilon_stand_the_attacks_that_were_named_and_last_the_one_that_is_told() -> None:
    names = ("pgd", "fgsm", Adaptive.name)
    assert bent() == [(epsilon, name) for epsilon in (0.0, EIGHT) for name in names]
    assert bent(attacks=(), epsilons=(EIGHT,)) == [(EIGHT, Adaptive.name)]
    assert bent(attacks=("pgd", "pgd"), epsilons=(EIGHT,)) == [(EIGHT, "pgd"), (EIGHT, Adaptive.name)]
    assert [name for _, name in bent(attacks=ATTACKS, epsilons=(EIGHT,))] == [*ATTACKS, Adaptive.name]


def test_the_one_that_is_told_knows_the_temperature() -> None:
    (told,) = Asked(**GIVEN | {"attacks": (), "epsilons": (EIGHT,)}).to_bend(2.0)
    (attack,) = told.attacks
    assert isinstance(attack, Adaptive) and attack.temperature == 2.0


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"attacks": ("smash",)}, "smash"),
        ({"norm": "l0"}, "l0"),
        ({"epsilons": (1.5,)}, "from 0 up to 1"),
        ({"epsilons": (-EIGHT,)}, "from 0 up to 1"),
        ({"epsilons": (float("nan"),)}, "from 0 up to 1"),
    ],
)
def test_what_no_attack_could_do_is_refused(changes: dict[str, object], why: str) -> None:
    with pytest.raises(BadParameter, match=why):
        bent(**changes)


@pytest.mark.parametrize("right", [[True, True, False], [False, False, False]])
def test_shares_are_of_what_was_right_and_of_nothing_there_is_no_share(right: list[bool]) -> None:
    clean, flags = np.array([0.1, 0.2, 0.3]), np.array(right)
    broke = np.array([True, True, False]) & flags
    one = Bent("pgd", (), ThreatModel("linf", EIGHT), broke, np.array([0.25, 0.9, 0.0]))
    found = figures({"seed": 0}, clean, flags, [one])
    (attack,) = found["attacks"]
    assert found["threshold"] == 0.3 and found["false_positives"]["share"] == 0
    if any(right):
        assert (attack["broke"]["share"], attack["unnoticed"]["share"]) == (1, 0.5)
        assert attack["caught"] == 0.5 and attack["area"] == pytest.approx(5 / 6)
    else:
        assert (attack["broke"]["share"], attack["broke"]["n"]) == (None, 0)
        assert attack["area"] is None and attack["caught_interval"] is None
