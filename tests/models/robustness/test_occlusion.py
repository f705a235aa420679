"""What a rectangle can hide: never more than its share, at its worst place, which on a linear model is known."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view

from colours import SIDE, crops
from models.robustness.colour_victim import BLUE, RED, flat, fresh, not_of
from models.robustness.linear import two_classes
from roadsight_models.frame import Pixels
from roadsight_models.robustness.criterion import Criterion
from roadsight_models.robustness.harness import Trial, try_attack
from roadsight_models.robustness.occlusion import Occlusion, sides_of
from roadsight_models.robustness.threat import ThreatModel
from roadsight_models.robustness.victim import Victim

sides = st.integers(1, 40)


def occlude(
    victim: Victim, frames: Pixels, criterion: Criterion, epsilon: float, attack: Occlusion | None = None
) -> Trial:
    threat = ThreatModel("l0", epsilon)
    return try_attack(victim, frames, criterion, attack or Occlusion(), threat, np.random.default_rng(0))


@given(st.tuples(sides, sides), st.floats(0, 1))
@example((16, 16), 255 / 256)
@example((7, 7), 1.0)
@example((40, 1), 0.5)
def test_a_rectangle_has_its_share_and_no_more(size: tuple[int, int], share: float) -> None:
    tall, wide = sides_of(size, share)
    allowed = share * size[0] * size[1]
    assert tall <= size[0] and wide <= size[1]
    assert allowed - max(size) - 2 < tall * wide <= allowed + 1e-3


def test_its_sides_are_in_the_proportion_of_the_picture_s() -> None:
    assert sides_of((80, 80), 0.25) == (40, 40)
    assert sides_of((40, 80), 0.25) == (20, 40)
    assert sides_of((16, 16), 1.0) == (16, 16)


@settings(max_examples=20)
@given(st.floats(0, 1), st.booleans(), st.integers(0, 100))
def test_what_is_verified_is_within_the_share(epsilon: float, worst_colour: bool, seed: int) -> None:
    frames = crops(2, seed)
    labels = Criterion(fresh().answers(frames).argmax(1))
    trial = occlude(fresh(), frames, labels, epsilon, Occlusion(3, worst_colour))
    assert (trial.outcome.l0 <= epsilon + 1e-9).all()
    assert not trial.outcome.strayed.any()


@pytest.mark.parametrize(("top", "left"), [(0, 0), (12, 12), (6, 4), (1, 11), (8, 3)])
def test_grey_hides_what_is_red(top: int, left: int) -> None:
    """Only where it covers all that is red is red no stronger than the others, and that is not enough to lose."""
    frames = flat(100, 100, 100)
    frames[0, top : top + 4, left : left + 4, RED] = 250
    trial = occlude(fresh(), frames, not_of(RED), 16 / 256)
    changed = (trial.outcome.frames != frames).any(3)[0]
    assert changed[top : top + 4, left : left + 4].all() and changed.sum() == 16
    assert np.ptp(trial.outcome.logits) < 1e-4


def test_a_grid_as_fine_as_the_pixels_finds_the_very_worst_place() -> None:
    weights = np.random.default_rng(4).standard_normal((SIDE, SIDE, 3))
    frames = crops(3, 9)
    victim = two_classes(weights, 1000)
    trial = occlude(victim, frames, not_of(0, 3), 25 / 256, Occlusion(grid=SIDE))
    gain = ((128 - frames.astype(float)) / 255 * weights).sum(3)
    best = sliding_window_view(gain, (5, 5), (1, 2)).sum((3, 4)).max((1, 2))
    np.testing.assert_allclose(trial.outcome.logits[:, 1] - trial.clean_logits[:, 1], best, rtol=1e-3)


def test_what_the_grid_steps_over_a_closer_look_finds() -> None:
    frames = flat(100, 100, 100)
    frames[0, 5:9, 5:9, RED] = 250  # none of the grid's four places touches it
    assert np.ptp(occlude(fresh(), frames, not_of(RED), 16 / 256, Occlusion(grid=2)).outcome.logits) < 1e-4


def test_grey_can_only_hide_but_the_worst_colour_adds() -> None:
    """Red leads by 25 levels on all; 25 pixels of pure green are worth 255 each, of 256."""
    frames = flat(153, 128, 0)
    grey = occlude(fresh(), frames, not_of(RED), 25 / 256)
    green = occlude(fresh(), frames, not_of(RED), 25 / 256, Occlusion(worst_colour=True))
    assert not grey.outcome.reached[0] and green.outcome.reached[0]
    changed = (green.outcome.frames != frames).any(3)
    np.testing.assert_array_equal(np.unique(green.outcome.frames[changed], axis=0), [[0, 255, 0]])


def test_a_target_is_what_it_is_taken_for() -> None:
    wanted = Criterion(np.array([RED]), np.array([BLUE]))
    trial = occlude(fresh(), flat(153, 128, 0), wanted, 0.7, Occlusion(worst_colour=True))
    assert trial.outcome.reached[0] and trial.outcome.logits[0].argmax() == BLUE


def test_a_picture_that_is_fooled_costs_no_more_and_the_others_are_looked_at_to_the_end() -> None:
    victim, stubborn, easy = fresh(), flat(153, 128, 0), flat(100, 101, 100)
    easy[0, :5, :5, RED] = 250  # all that makes it red is where the search begins
    trial = occlude(victim, np.concatenate([stubborn, easy]), not_of(RED, 2), 25 / 256)
    assert trial.outcome.reached.tolist() == [False, True]
    looks = 8 * 8 + 8
    assert victim.queries == (1 + looks + 1) + (1 + 1 + 1)


def test_no_share_no_rectangle() -> None:
    trial = occlude(fresh(), flat(153, 128, 0), not_of(RED), 0.5 / 256)
    np.testing.assert_array_equal(trial.outcome.frames, flat(153, 128, 0))


def test_nothing_in_it_is_left_to_chance() -> None:
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    try_attack(fresh(), flat(153, 128, 0), not_of(RED), Occlusion(), ThreatModel("l0", 0.1), rng)
    assert rng.bit_generator.state == before
