"""What is said of a sticker seen again: views go as far as they should, and those that are fooled are counted."""

import numpy as np
import pytest

from colours import SIDE
from models.robustness.colour_victim import GREEN, RED, flat, fresh, not_of
from models.robustness.linear import two_classes
from roadsight_models.robustness.criterion import Criterion
from roadsight_models.robustness.views import View, Views, fooled_share
from roadsight_models.robustness.warp import Warp

SIZE = (SIDE, SIDE)


def test_the_way_back_is_that_of_what_is_not_too_bright() -> None:
    rng = np.random.default_rng(0)
    pixels, gradient = rng.uniform(0, 0.8, (2, 3, *SIZE, 3)).astype(np.float32)
    view = View(Warp(SIZE, 12, 0.9, (0.1, 0.05)), 1.2)
    there, back = (view.look(pixels) * gradient).sum(), (pixels * view.back(gradient)).sum()
    assert there == pytest.approx(back, rel=1e-5)


def test_what_is_too_bright_is_white_and_can_still_darken() -> None:
    white = np.ones((1, *SIZE, 3), np.float32)
    view = View(Warp(SIZE), 1.2)
    np.testing.assert_array_equal(view.look(white), white)
    assert (view.back(-white) < 0).all()


def test_light_is_drawn_from_all_that_is_allowed_and_from_no_more() -> None:
    rng = np.random.default_rng(0)
    light = np.array([Views(light=0.2).draw(SIZE, rng).light for _ in range(300)])
    assert 0.8 <= light.min() < 0.82 and 1.18 < light.max() <= 1.2


def test_views_that_may_not_differ_are_the_picture_itself() -> None:
    view = Views(degrees=0, scale=0, shift=0, light=0).draw(SIZE, np.random.default_rng(0))
    pixels = np.random.default_rng(1).uniform(0, 1, (1, *SIZE, 3)).astype(np.float32)
    np.testing.assert_array_equal(view.look(pixels), pixels)


def test_a_picture_of_one_colour_is_the_same_in_all_views_and_each_is_counted_by_itself() -> None:
    frames = np.concatenate([flat(200, 40, 40), flat(40, 200, 40)])
    share = fooled_share(fresh(), frames, not_of(RED, 2), np.random.default_rng(0), 10)
    np.testing.assert_array_equal(share, [0, 1])
    targeted = Criterion(np.array([RED, RED]), np.array([GREEN, GREEN]))
    np.testing.assert_array_equal(fooled_share(fresh(), frames, targeted, np.random.default_rng(0), 10), [0, 1])


def test_the_share_is_that_of_the_light_that_fools() -> None:
    """Class 1 from a brightness of 0.55 on; the picture has 0.5, so a quarter of the light from 0.8 to 1.2 does it."""
    victim = two_classes(np.full((*SIZE, 3), 1 / (3 * SIDE * SIDE)), 0.55)
    share = fooled_share(victim, flat(128, 128, 128), not_of(0), np.random.default_rng(0), 1000)
    assert share == pytest.approx(0.25, abs=0.05)
    assert victim.queries == 1000


def test_the_same_seed_sees_the_same_views() -> None:
    victim = two_classes(np.random.default_rng(2).standard_normal((*SIZE, 3)), 0)
    frames = np.random.default_rng(3).integers(0, 256, (4, *SIZE, 3), np.uint8)
    once, again = (fooled_share(victim, frames, not_of(0, 4), np.random.default_rng(5), 20) for _ in range(2))
    np.testing.assert_array_equal(once, again)
