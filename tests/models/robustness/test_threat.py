"""What an adversary may do: everything that an attack makes goes through here, so a hole would flatter or slander."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadsight_models.robustness.names import Norm
from roadsight_models.robustness.threat import Floats, ThreatModel, l0, l2, linf

SIDE = 6
COUNT = 3
ROUNDING = 1e-5

balls = st.one_of(
    st.builds(ThreatModel, st.sampled_from(["linf", "l0"]), st.floats(0, 1)),
    st.builds(ThreatModel, st.just("l2"), st.floats(0, 1e3)),
)
seeds = st.integers(0, 2**32 - 1)
repeated = settings(max_examples=100)


def clean(rng: np.random.Generator) -> Floats:
    """Pictures of which some values lie at the ends of what is allowed: float32 [3, 6, 6, 3]."""
    return rng.uniform(-0.2, 1.2, (COUNT, SIDE, SIDE, 3)).clip(0, 1).astype(np.float32)


def away(rng: np.random.Generator, around: Floats) -> Floats:
    """Pixels somewhere else, near and far, not all of them in [0, 1]."""
    far = rng.choice([0.01, 0.3, 10], (COUNT, 1, 1, 1)) * rng.standard_normal(around.shape)
    return np.asarray(around + far, np.float32)


def grey(level: float = 0.5) -> Floats:
    return np.full((COUNT, SIDE, SIDE, 3), level, np.float32)


@repeated
@given(balls, seeds)
def test_what_is_projected_is_in_the_ball_and_is_a_picture(ball: ThreatModel, seed: int) -> None:
    rng = np.random.default_rng(seed)
    around = clean(rng)
    inside = ball.project(away(rng, around), around)
    assert inside.dtype == np.float32
    assert ball.allows(inside, around).all()
    assert inside.min() >= 0 and inside.max() <= 1


@repeated
@given(balls, seeds)
def test_what_is_in_the_ball_already_stays_where_it_is(ball: ThreatModel, seed: int) -> None:
    rng = np.random.default_rng(seed)
    around = clean(rng)
    inside = ball.project(away(rng, around), around)
    np.testing.assert_allclose(ball.project(inside, around), inside, atol=ROUNDING)


@repeated
@given(st.floats(0.01, 0.4), seeds)
def test_in_linf_each_value_goes_as_far_as_it_may(epsilon: float, seed: int) -> None:
    moved = away(np.random.default_rng(seed), grey())
    inside = ThreatModel("linf", epsilon).project(moved, grey())
    np.testing.assert_allclose(inside, grey() + (moved - grey()).clip(-epsilon, epsilon), atol=ROUNDING)


@repeated
@given(st.floats(0.01, 0.4), seeds)
def test_in_l2_a_picture_keeps_its_direction(epsilon: float, seed: int) -> None:
    delta = away(np.random.default_rng(seed), grey()) - grey()
    kept = ThreatModel("l2", epsilon).project(grey() + delta, grey()) - grey()
    np.testing.assert_allclose(l2(kept), np.minimum(l2(delta), epsilon), atol=ROUNDING)
    np.testing.assert_allclose(l2(kept) * l2(delta), (kept * delta).sum((1, 2, 3)), rtol=1e-3)


@repeated
@given(st.integers(0, SIDE * SIDE), seeds)
def test_in_l0_the_pixels_that_moved_most_are_kept_as_they_are(count: int, seed: int) -> None:
    delta = np.random.default_rng(seed).uniform(-0.5, 0.5, grey().shape).astype(np.float32)
    kept = ThreatModel("l0", count / SIDE**2).project(grey() + delta, grey()) - grey()
    size, stayed = np.square(delta).sum(3).reshape(COUNT, -1), (kept != 0).any(3).reshape(COUNT, -1)
    assert (stayed.sum(1) == count).all()
    np.testing.assert_allclose(kept[kept != 0], delta[kept != 0], atol=ROUNDING)
    for picture in range(COUNT if 0 < count < SIDE**2 else 0):
        assert size[picture, stayed[picture]].min() >= size[picture, ~stayed[picture]].max() - ROUNDING


@repeated
@given(balls, seeds)
def test_a_random_start_is_in_the_ball_and_the_seed_s(ball: ThreatModel, seed: int) -> None:
    around = clean(np.random.default_rng(seed))
    start, again = (ball.random_start(around, np.random.default_rng(seed)) for _ in range(2))
    assert start.dtype == np.float32
    assert ball.allows(start, around).all()
    assert start.min() >= 0 and start.max() <= 1
    np.testing.assert_array_equal(start, again)


@pytest.mark.parametrize("norm", ["linf", "l2", "l0"])
def test_of_no_pictures_it_makes_none(norm: Norm) -> None:
    ball, none = ThreatModel(norm, 0.1), grey()[:0]
    for made in (ball.random_start(none, np.random.default_rng(0)), ball.project(none, none), ball.step(none)):
        assert made.shape == none.shape


@pytest.mark.parametrize(("norm", "epsilon"), [("linf", 0.1), ("l2", 0.4), ("l0", 0.25)])
def test_random_starts_fill_the_ball(norm: Norm, epsilon: float) -> None:
    ball, rng = ThreatModel(norm, epsilon), np.random.default_rng(0)
    starts = np.concatenate([ball.random_start(grey(), rng) for _ in range(50)])
    found = ball.distance(starts, np.full_like(starts, 0.5))
    assert found.max() == pytest.approx(epsilon, rel=0.01)
    assert starts.mean() == pytest.approx(0.5, abs=0.01)
    moved = (starts != 0.5).any(3).mean((1, 2))
    np.testing.assert_allclose(moved, 0.25 if norm == "l0" else 1)


@repeated
@given(st.sampled_from(["linf", "l2", "l0"]), st.sampled_from([1e-25, 1e-3, 1, 1e15]), seeds)
def test_nothing_of_a_step_s_length_rises_more_than_a_step(norm: Norm, scale: float, seed: int) -> None:
    rng, ball = np.random.default_rng(seed), ThreatModel(norm, 1)
    gradient, other = (rng.standard_normal(grey().shape).astype(np.float32) for _ in range(2))
    step = ball.step(np.float32(scale) * gradient)
    length = linf if norm == "linf" else l2
    np.testing.assert_allclose(length(step), 1, rtol=1e-5)
    rival = other / length(other).astype(np.float32)[:, None, None, None]
    assert ((gradient * step).sum((1, 2, 3)) >= (gradient * rival).sum((1, 2, 3)) - ROUNDING).all()


@pytest.mark.parametrize("norm", ["linf", "l2", "l0"])
def test_without_a_gradient_there_is_no_step(norm: Norm) -> None:
    assert not ThreatModel(norm, 1).step(np.zeros_like(grey())).any()


def test_distances_are_in_pixel_units() -> None:
    moved = grey()
    moved[1, 0, 0, 0] += 0.25
    moved[2, :2, :, 1] -= 0.125
    delta = moved - grey()
    np.testing.assert_allclose(linf(delta), [0, 0.25, 0.125])
    np.testing.assert_allclose(l2(delta), [0, 0.25, 0.125 * math.sqrt(12)])
    np.testing.assert_allclose(l0(delta), [0, 1 / 36, 12 / 36])
    for ball, distance in ((ThreatModel("linf", 1), linf), (ThreatModel("l2", 1), l2), (ThreatModel("l0", 1), l0)):
        np.testing.assert_array_equal(ball.distance(moved, grey()), distance(delta))
