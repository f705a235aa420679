"""Pictures are sent in whole grey levels: what of a ball these can use, so that rounding undoes no attack."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadsight_models.robustness.threat import ThreatModel
from roadsight_models.robustness.victim import to_floats, to_pixels

VALUES = 6 * 6 * 3


@pytest.mark.parametrize("levels", range(0, 255, 16))
def test_so_many_grey_levels_are_allowed_and_not_one_more(levels: int) -> None:
    ball, black = ThreatModel("linf", levels / 255), np.zeros((1, 4, 4, 3), np.float32)
    frames = [np.divide(np.full(black.shape, level), 255, dtype=np.float32) for level in (levels, levels + 1)]
    assert [ball.allows(frame, black).all() for frame in frames] == [True, False]


@pytest.mark.parametrize(("epsilon", "levels"), [(0, 0), (0.003, 0), (0.031, 7), (8 / 255, 8), (0.5, 127), (1, 255)])
def test_of_a_ball_in_linf_pictures_can_use_whole_grey_levels(epsilon: float, levels: int) -> None:
    assert ThreatModel("linf", epsilon).before_rounding(VALUES) == ThreatModel("linf", levels / 255)
    assert ThreatModel("l0", epsilon).before_rounding(VALUES) == ThreatModel("l0", epsilon)


@pytest.mark.parametrize("side", [16, 32, 64])
@pytest.mark.parametrize("epsilon", [0.5, 1, 3])
def test_of_one_in_l2_they_can_use_what_rounding_leaves(side: int, epsilon: float) -> None:
    ball, rng = ThreatModel("l2", epsilon), np.random.default_rng(0)
    around = to_floats(rng.integers(60, 196, (200, side, side, 3), np.uint8))
    inner = ball.before_rounding(around[0].size)
    edge = inner.project((around + 100 * rng.standard_normal(around.shape)).astype(np.float32), around)
    assert ball.allows(to_floats(to_pixels(edge)), around).mean() > 0.95
    assert 0.96 * epsilon < inner.epsilon < epsilon


@given(st.floats(0, 1e3), st.integers(1, 10**6))
def test_however_small_something_is_left(epsilon: float, values: int) -> None:
    inner = ThreatModel("l2", epsilon).before_rounding(values).epsilon
    assert 0 <= inner <= epsilon
    assert (inner > 0) == (epsilon**2 / 2 > 0)  # as far as doubles tell it from nothing
