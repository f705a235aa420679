"""What an attack asks is answered by the session that serves, counted, and stopped when nobody wants to know."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import colour_gradient
import colours
from models.robustness.colour_victim import fresh, not_red, sessions
from models.robustness.listeners import Recorder
from roadsight_models.errors import BadParameter, DeadlineMissed
from roadsight_models.robustness.losses import cross_entropy, margin
from roadsight_models.robustness.victim import BATCH, Victim, to_floats, to_pixels

SIZES = [1, BATCH - 1, BATCH, BATCH + 1, 3 * BATCH]
each_size = pytest.mark.parametrize("count", SIZES)


@each_size
def test_the_session_that_serves_is_asked_about_rounded_pixels(count: int) -> None:
    served = Recorder(sessions()[0])
    frames = colours.crops(count)
    beside = to_floats(frames) + np.float32(0.4 / 255) * np.random.default_rng(0).choice([-1, 1], frames.shape)
    logits = Victim(served).logits(beside.clip(0, 1).astype(np.float32))
    np.testing.assert_array_equal(np.concatenate(served.asked), frames)
    np.testing.assert_allclose(logits, colours.answers(frames), rtol=1e-5)


@each_size
def test_pictures_are_asked_and_differentiated_in_small_batches_and_all_are_counted(count: int) -> None:
    served = Recorder(sessions()[0])
    attacked = Victim(served, sessions()[1])
    attacked.answers(colours.crops(count))
    assert (attacked.queries, attacked.steps) == (count, 0)
    slope = attacked.climb(to_floats(colours.crops(count)), not_red(count), margin)
    assert (attacked.queries, attacked.steps) == (2 * count, count)
    assert max(map(len, served.asked)) <= BATCH
    assert len(slope.logits) == len(slope.values) == len(slope.gradient) == count


@each_size
def test_what_is_climbed_is_the_loss_of_the_served_answer(count: int) -> None:
    pixels, criterion = to_floats(colours.crops(count)), not_red(count)
    slope = fresh().climb(pixels, criterion, margin)
    np.testing.assert_allclose(slope.logits, colours.answers(colours.crops(count)), rtol=1e-5)
    np.testing.assert_array_equal(slope.values, margin(slope.logits, criterion).values)
    higher = (pixels + np.float32(0.1) * np.sign(slope.gradient)).clip(0, 1)
    assert (fresh().climb(higher, criterion, margin).values > slope.values).all()


@each_size
def test_what_is_pulled_is_the_gradient_of_the_weighted_logits_as_it_is(count: int) -> None:
    weights = np.random.default_rng(0).normal(size=(count, 3)).astype(np.float32) * np.float32(1e-6)
    attacked = fresh()
    found = attacked.pull(to_floats(colours.crops(count)), weights)
    np.testing.assert_allclose(found, colour_gradient.answers(weights), rtol=1e-5)
    assert (attacked.queries, attacked.steps) == (0, count)


@pytest.mark.parametrize("allowed", range(4))
def test_an_attack_that_nobody_waits_for_ends_before_its_next_batch(allowed: int) -> None:
    left = [None] * allowed

    def check() -> None:
        if not left:
            raise DeadlineMissed("nobody waits")
        left.pop()

    attacked = fresh(check)
    with pytest.raises(DeadlineMissed):
        attacked.climb(to_floats(colours.crops(2 * BATCH)), not_red(2 * BATCH), cross_entropy)
    assert attacked.queries + attacked.steps == allowed * BATCH


def test_a_model_without_a_gradient_says_so_and_is_not_asked() -> None:
    attacked = Victim(sessions()[0])
    with pytest.raises(BadParameter, match=r"published without a gradient: only black-box attacks work"):
        attacked.climb(to_floats(colours.crops(1)), not_red(), cross_entropy)
    assert attacked.queries == 0


@settings(max_examples=100)
@given(st.floats(0, 1, width=32))
def test_a_value_is_rounded_to_the_nearest_grey_level(value: float) -> None:
    pixels = np.full((1, 1, 1, 3), value, np.float32)
    assert np.abs(to_floats(to_pixels(pixels)) - pixels).max() <= 0.5 / 255 + 1e-6


def test_every_grey_level_comes_back() -> None:
    levels = np.arange(256, dtype=np.uint8)
    assert to_floats(levels).dtype == np.float32
    np.testing.assert_array_equal(to_pixels(to_floats(levels)), levels)
