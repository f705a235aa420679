"""One picture's verdict, and the smallest epsilon, on a model whose weaknesses are known to the grey level."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pytest

from models.robustness.colour_victim import flat, fresh
from roadsight_models.errors import BadParameter
from roadsight_models.robustness.attack import Access, Attack
from roadsight_models.robustness.catalogue import ATTACKS, make
from roadsight_models.robustness.check import Plan, check
from roadsight_models.robustness.criterion import Criterion
from roadsight_models.robustness.fgsm import FGSM
from roadsight_models.robustness.harness import try_attack
from roadsight_models.robustness.names import ATTACK_NAMES, DEFAULT, Norm
from roadsight_models.robustness.search import HALVINGS, smallest
from roadsight_models.robustness.square import Square
from roadsight_models.robustness.threat import Floats, ThreatModel
from roadsight_models.robustness.verify import Outcome
from roadsight_models.robustness.victim import Victim

RED = flat(255, 0, 0)  # breaks once 128 grey levels may change


@pytest.fixture
def victim() -> Victim:
    return fresh()


@dataclass(frozen=True)
class Noise:
    """An attack that gives pictures as far from the clean ones as it may, of any class."""

    name: ClassVar[str] = "noise"
    access: ClassVar[Access] = "none"
    norms: ClassVar[tuple[Norm, ...]] = ("linf",)
    source: ClassVar[str] = "none"

    def run(
        self, victim: Victim, clean: Floats, criterion: Criterion, threat: ThreatModel, rng: np.random.Generator
    ) -> Floats:
        return np.asarray(clean - np.float32(threat.epsilon) * np.sign(clean - np.float32(0.5)), np.float32)


def linf(epsilon: float) -> ThreatModel:
    return ThreatModel("linf", epsilon)


@pytest.mark.parametrize("name", ["quick", "fgsm", "bim", "pgd", "apgd", "apgd-dlr", "apgd-t", "fmn"])
def test_with_a_gradient_a_linear_model_breaks_where_it_can_be_broken(name: str, victim: Victim) -> None:
    assert check(victim, RED, Plan(make(name), linf(128 / 255))).verdict == "broken"
    assert check(victim, RED, Plan(make(name), linf(127 / 255))).verdict == "robust"


@pytest.mark.parametrize("name", [name for name in ATTACKS if name != "standard"])
def test_an_attack_takes_the_steps_and_restarts_that_are_asked_or_says_that_it_has_none(name: str) -> None:
    for parameter in ("steps", "restarts"):
        if any(hasattr(attack, parameter) for attack in make(name)):
            changed = make(name, **{parameter: 3})
            assert [getattr(attack, parameter) for attack in changed if hasattr(attack, parameter)] == [3]
        else:
            with pytest.raises(BadParameter, match=f"{parameter}: {name} has none"):
                make(name, **{parameter: 3})


def test_what_is_standard_is_fixed_but_for_a_cap() -> None:
    with pytest.raises(BadParameter, match="steps: standard has none"):
        make("standard", steps=3)
    assert [getattr(attack, "steps", None) for attack in make("standard", most_steps=7)] == [7, 7, 7, None]
    assert make("standard", most_steps=7)[-1] == Square(queries=7)


def test_an_unknown_attack_is_told_the_nearest() -> None:
    with pytest.raises(BadParameter, match="did you mean 'fgsm'"):
        make("fgms")
    with pytest.raises(BadParameter, match="there are: quick"):
        make("")


def test_who_has_no_numpy_knows_every_attack_by_its_name() -> None:
    assert tuple(ATTACKS) == ATTACK_NAMES
    assert DEFAULT in ATTACK_NAMES


@pytest.mark.parametrize("epsilon", [1.0, 0.9, 0.7, 0.61, 0.502, 128 / 255])
def test_the_smallest_epsilon_is_found_to_the_grey_level(epsilon: float, victim: Victim) -> None:
    found = check(victim, RED, Plan((FGSM(),), linf(epsilon), search=True))
    assert found.verdict == "broken"
    assert found.threat == linf(128 / 255)
    assert found.outcome is not None
    assert found.outcome.reached[0]
    assert found.outcome.linf[0] == pytest.approx(128 / 255)
    assert victim.steps <= 1 + HALVINGS


def test_a_search_that_finds_nothing_tries_the_whole_ball_once(victim: Victim) -> None:
    found = check(victim, RED, Plan((FGSM(),), linf(0.4), search=True))
    assert (found.verdict, found.threat, victim.steps) == ("robust", linf(0.4), 1)


def test_in_l2_the_smallest_epsilon_is_near_the_closed_form(victim: Victim) -> None:
    found = check(victim, RED, Plan((FGSM(),), ThreatModel("l2", 100.0), search=True))
    # Along the gradient red moves by two, green and blue by one each, until 256 values of each meet at a third.
    assert found.threat is not None
    assert found.threat.epsilon == pytest.approx(np.sqrt(256 * (4 + 1 + 1)) / 3, abs=0.3)


def test_a_search_starts_again_from_what_was_found(victim: Victim) -> None:
    tried: list[float] = []

    def attempt(threat: ThreatModel) -> Outcome:
        tried.append(threat.epsilon)
        criterion, near = Criterion(np.array([0])), linf(min(threat.epsilon, 140 / 255))
        return try_attack(victim, RED, criterion, FGSM(), near, np.random.default_rng(0)).outcome

    assert smallest(attempt, linf(1.0))[0] == linf(128 / 255)
    assert max(tried[1:]) < 140 / 255


@dataclass(frozen=True)
class Listening(Noise):
    """An attack that remembers the ball that it was given."""

    heard: list[ThreatModel] = field(default_factory=list)

    def run(
        self, victim: Victim, clean: Floats, criterion: Criterion, threat: ThreatModel, rng: np.random.Generator
    ) -> Floats:
        self.heard.append(threat)
        return super().run(victim, clean, criterion, threat, rng)


@pytest.mark.parametrize(("epsilon", "levels"), [(0.031, 7), (8 / 255, 8), (0.0039, 0), (0.0, 0), (1.0, 255)])
def test_an_attack_gets_a_ball_that_rounding_does_not_leave(epsilon: float, levels: int, victim: Victim) -> None:
    # Else it takes a picture for adversarial, and stops, that is outside of the ball once it is rounded.
    attack = Listening()
    found = check(victim, RED, Plan((attack,), linf(epsilon)))
    assert attack.heard == [linf(levels / 255)]
    assert found.outcome is not None
    assert found.outcome.linf[0] == pytest.approx(levels / 255)


def test_attacks_are_tried_in_turn_until_one_breaks(victim: Victim) -> None:
    attacks: tuple[Attack, ...] = (Noise(), FGSM())
    assert check(victim, RED, Plan(attacks, linf(128 / 255))).verdict == "broken"
    assert victim.steps == 0
    assert check(victim, RED, Plan(attacks, linf(127 / 255))).verdict == "robust"
    assert victim.steps == 1


def test_what_is_not_taken_for_its_label_is_left_alone(victim: Victim) -> None:
    found = check(victim, RED, Plan((FGSM(),), linf(1.0), label=2, search=True))
    assert (found.verdict, found.outcome, found.threat) == ("already_wrong", None, None)
    assert (victim.queries, victim.steps) == (1, 0)


@pytest.mark.parametrize("label", [None, 0])
def test_a_target_that_it_is_already_is_refused(label: int | None, victim: Victim) -> None:
    with pytest.raises(BadParameter, match="target"):
        check(victim, RED, Plan((FGSM(),), linf(1.0), label=label, target=0))


def test_a_norm_that_the_attack_does_not_know_is_refused(victim: Victim) -> None:
    with pytest.raises(BadParameter, match="noise knows linf"):
        check(victim, RED, Plan((Noise(),), ThreatModel("l2", 1.0)))
