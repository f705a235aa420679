"""The signs of a masked gradient: of a network whose gradient can be seen, and of the same with one that lies."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product
from typing import ClassVar

import numpy as np
import pytest

from models.robustness.colour_victim import fresh, leads, not_red, sessions
from roadsight_models.errors import BadParameter
from roadsight_models.gradient import Gradients, GradientSession
from roadsight_models.robustness.attack import Access
from roadsight_models.robustness.best import Best
from roadsight_models.robustness.criterion import Criterion, Flags
from roadsight_models.robustness.masking import PROBES, MaskingCheck, check_masking, masks, unbounded
from roadsight_models.robustness.names import Norm
from roadsight_models.robustness.threat import Floats, ThreatModel
from roadsight_models.robustness.victim import Victim

EIGHT = ThreatModel("linf", 8 / 255)
SOME = leads(*range(2, 42))  # 14 of 40 break
MANY, STARTS, WHOLE, BLACK = (
    "many steps break as much as one",
    "one start breaks as much as many",
    "without a bound everything breaks",
    "the white box breaks as much as the black box",
)


@dataclass(frozen=True)
class Corners:
    """Tries each of the eight shifts of the three colours, as far as they may go."""

    name: ClassVar[str] = "corners"
    access: ClassVar[Access] = "scores"
    norms: ClassVar[tuple[Norm, ...]] = ("linf",)
    source: ClassVar[str] = "none"

    def run(
        self, victim: Victim, clean: Floats, criterion: Criterion, threat: ThreatModel, rng: np.random.Generator
    ) -> Floats:
        best = Best(clean, criterion)
        for signs in product((-1, 1), repeat=3):
            shifted = threat.project(clean + np.float32(threat.epsilon) * np.array(signs, np.float32), clean)
            best.take(np.arange(len(clean)), shifted, victim.logits(shifted))
        return best.pixels


class Liar:
    """Gives the gradient only where a rule lets it, and elsewhere that many times it."""

    def __init__(self, honest: GradientSession, lets: Callable[[Floats], Flags], elsewhere: float) -> None:
        self.honest, self.lets, self.elsewhere = honest, lets, elsewhere

    def run(self, pixels: Floats, cotangent: Floats) -> Gradients:
        found = self.honest.run(pixels, cotangent)
        factor = np.where(self.lets(pixels), 1, self.elsewhere).astype(np.float32)
        return found._replace(gradient=found.gradient * factor[:, None, None, None])


def lying(lets: Callable[[Floats], Flags], elsewhere: float) -> Victim:
    served, gradient = sessions()
    return Victim(served, Liar(gradient, lets, elsewhere))


def nowhere(pixels: Floats) -> Flags:
    return np.zeros(len(pixels), bool)


def clean_alone(pixels: Floats) -> Flags:
    levels = pixels * 255
    return np.asarray(np.abs(levels - levels.round()).max((1, 2, 3)) < 1e-3)


def lucky(pixels: Floats) -> Flags:
    """A third of all starts, and all that follows them: steps go the same way for all pixels of a colour."""
    return np.asarray((pixels[:, 0, 0, 0] - pixels[:, 8, 8, 0]) * 255 > 3)


WITH_CORNERS = replace(PROBES, black_box=Corners())


def checked(attacked: Victim) -> dict[str, MaskingCheck]:
    return {check.name: check for check in check_masking(attacked, SOME, not_red(len(SOME)), EIGHT, 0, WITH_CORNERS)}


def test_a_network_whose_gradient_can_be_seen_shows_no_sign() -> None:
    found = checked(fresh())
    assert set(found) == {MANY, STARTS, WHOLE, BLACK}
    assert all(check.holds for check in found.values())
    assert not masks(list(found.values()))
    assert found[MANY].figures == {"one step": 0.35, "many steps": 0.35}
    assert found[WHOLE].figures == {"without a bound": 1.0}


def test_a_gradient_that_is_nothing_is_found_by_the_black_box_and_without_a_bound() -> None:
    found = checked(lying(nowhere, 0))
    assert not found[BLACK].holds
    assert found[BLACK].figures["black box"] == 0.35
    assert not found[WHOLE].holds
    assert masks(list(found.values()))


def test_a_gradient_that_misleads_after_the_first_step_is_found_by_one_step() -> None:
    found = checked(lying(clean_alone, -1))
    assert not found[MANY].holds
    assert found[MANY].figures["one step"] == 0.35


def test_a_gradient_that_is_there_by_luck_is_found_by_many_starts() -> None:
    found = checked(lying(lucky, 0))
    assert not found[STARTS].holds
    assert found[STARTS].figures["many starts"] > found[STARTS].figures["one start"]


def test_pictures_that_are_named_wrongly_say_nothing() -> None:
    attacked = fresh()
    frames = np.concatenate([SOME, leads(*[-5] * 20)])
    found = check_masking(attacked, frames, not_red(len(frames)), EIGHT, 0, WITH_CORNERS)
    assert found[0].figures["one step"] == 0.35
    assert check_masking(attacked, leads(-5), not_red(1), EIGHT, 0, WITH_CORNERS) == ()


def test_without_a_gradient_there_is_nothing_to_check() -> None:
    blind = Victim(sessions()[0])
    with pytest.raises(BadParameter, match="published without a gradient"):
        check_masking(blind, SOME, not_red(len(SOME)), EIGHT, 0)


@pytest.mark.parametrize("norm", ["linf", "l2", "l0"])
def test_the_unbounded_ball_holds_every_picture(norm: Norm) -> None:
    black, white = np.zeros((1, 16, 16, 3), np.float32), np.ones((1, 16, 16, 3), np.float32)
    assert ThreatModel(norm, unbounded(norm, leads(0))).allows(white, black).all()
