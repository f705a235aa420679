"""The picture around the signs: light, noise, road, and that a scene hangs on its seed alone."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from roadsight_models.scene import draw
from roadsight_models.scene.camera import light, photographed
from roadsight_models.scene.road import landscape, post

seeds = st.integers(0, 2**32)


@given(seeds)
def test_light_lies_between_dusk_and_sun(seed: int) -> None:
    red, green, blue = light(np.random.default_rng(seed))
    assert 0.55 <= green <= 1.1
    assert 0.9 <= red / green <= 1.06
    assert (red + blue) / 2 == pytest.approx(green)


@settings(max_examples=30)
@given(seeds, st.integers(0, 255), st.floats(0.5, 1.2))
@example(0, 255, 1.2)
def test_a_flat_grey_is_exposed_and_gets_noise_but_never_wraps_around(seed: int, level: int, gain: float) -> None:
    flat = np.full((60, 80, 3), level, np.uint8)
    taken = photographed(flat, np.full(3, gain), np.random.default_rng(seed)).astype(float)
    wanted = min(255.0, level * gain)
    assert np.abs(taken - wanted).max() < 20  # four sigma of the strongest noise
    if 20 < wanted < 235:
        assert taken.mean() == pytest.approx(wanted, abs=1.2)
        assert 1 < taken.std() < 6
    assert (flat == level).all()


def test_noise_is_another_in_every_pixel_and_channel() -> None:
    taken = photographed(np.full((64, 64, 3), 128, np.uint8), np.ones(3), np.random.default_rng(1)).astype(float) - 128
    for one, other in combinations(range(3), 2):
        assert abs(np.corrcoef(taken[..., one].ravel(), taken[..., other].ravel())[0, 1]) < 0.06
    assert abs(np.corrcoef(taken[:, 1:].ravel(), taken[:, :-1].ravel())[0, 1]) < 0.06


def test_blur_keeps_an_edge_within_three_pixels() -> None:
    edge = np.zeros((40, 40, 3), np.uint8)
    edge[:, 20:] = 200
    for seed in range(5):
        taken = photographed(edge, np.ones(3), np.random.default_rng(seed)).astype(float).mean(axis=(0, 2))
        assert taken[:17].max() < 12 and taken[23:].min() > 188
        assert (np.diff(taken[18:22]) > 0).all()


@settings(max_examples=30)
@given(seeds, st.integers(16, 200), st.integers(16, 200))
def test_a_landscape_fills_its_picture_whatever_the_size(seed: int, height: int, width: int) -> None:
    picture, horizon = landscape(np.random.default_rng(seed), height, width)
    assert picture.shape == (height, width, 3) and picture.dtype == np.uint8
    assert 0.49 * height - 1 <= horizon <= 0.62 * height
    if min(height, width) >= 64:
        assert picture[: horizon // 4].mean() > picture[horizon + 1 :].mean()


def test_the_road_lies_in_the_middle_and_is_grey() -> None:
    for seed in range(10):
        picture, _ = landscape(np.random.default_rng(seed), 240, 320)
        asphalt = picture[-20:, 120:140].astype(int)
        assert np.ptp(asphalt.mean(axis=(0, 1))) < 8


def test_a_post_that_would_leave_the_picture_is_cut_off() -> None:
    picture = np.zeros((60, 60, 3), np.uint8)
    post(picture, (50, 40, 60, 58), 30)
    post(picture, (0, 0, 9, 9), 59)
    assert picture.any()
    assert not picture[:, 15:50].any()


@settings(max_examples=25)
@given(seeds, st.integers(10, 35))
def test_between_two_signs_there_is_a_gap(seed: int, signs: int) -> None:
    scene = draw(seed, 320, 240, signs, (40, 40))
    for one, other in combinations((sign.box for sign in scene.signs), 2):
        apart_x = max(one[0], other[0]) - min(one[2], other[2])
        apart_y = max(one[1], other[1]) - min(one[3], other[3])
        assert max(apart_x, apart_y) >= 4
    for x1, y1, x2, y2 in (sign.box for sign in scene.signs):
        assert min(x1, y1, 320 - x2, 240 - y2) >= 2


def test_a_scene_does_not_hang_on_those_drawn_before() -> None:
    first = draw(5, 320, 240, 3, (16, 40))
    for seed in range(4):
        draw(seed, 200, 160, 2, (20, 50))
    np.random.default_rng(0).random()
    np.testing.assert_array_equal(draw(5, 320, 240, 3, (16, 40)).pixels, first.pixels)


def test_a_scene_can_be_changed_without_changing_the_next_one() -> None:
    first = draw(6, 320, 240, 3, (16, 40))
    kept = first.pixels.copy()
    first.pixels[:] = 0
    np.testing.assert_array_equal(draw(6, 320, 240, 3, (16, 40)).pixels, kept)


def test_neighbouring_seeds_are_as_different_as_any() -> None:
    scenes = [draw(seed, 160, 120, 0).pixels.astype(int) for seed in range(8)]
    assert min(np.abs(one - other).mean() for one, other in combinations(scenes, 2)) > 5


@pytest.mark.parametrize(("width", "height", "side"), [(16, 16, (8, 8)), (36, 16, (8, 12)), (1040, 1040, (1024, 1024))])
def test_the_smallest_and_the_largest_that_can_be_drawn(width: int, height: int, side: tuple[int, int]) -> None:
    (sign,) = draw(0, width, height, 1, side).signs
    x1, y1, x2, y2 = sign.box
    assert side[0] <= max(x2 - x1, y2 - y1) <= side[1]


def test_a_picture_full_of_signs_has_one_in_every_cell() -> None:
    assert len(draw(0, 200, 160, 80, (16, 16)).signs) == 80
    with pytest.raises(ValueError, match="too small for 81 signs"):
        draw(0, 200, 160, 81, (16, 16))
