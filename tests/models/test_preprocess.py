import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pictures import BLUE, GREEN, RED, encoded, striped, whole_frame
from roadsight_models.frame import Frame, admit, decode
from roadsight_models.headers import Header
from roadsight_models.manifest import CropRule
from roadsight_models.preprocess import ENOUGH, REDUCTIONS, TOO_SMALL, crop, cut, pixel_window, reduction
from roadsight_models.regions import Box, Region


def rule(side: int = 16, context: float = 0.0, min_side: int = 4) -> CropRule:
    return CropRule(width=side, height=side, context=context, resize="area_or_linear", min_side=min_side)


def test_a_crop_shows_its_box_and_nothing_else() -> None:
    pixels = striped(RED, GREEN, BLUE)
    np.testing.assert_array_equal(crop(pixels, Box(40, 0, 80, 40), rule()), np.full((16, 16, 3), GREEN))


def test_context_adds_a_fraction_of_the_box_on_each_side() -> None:
    assert pixel_window(Box(40, 10, 80, 30), 0.25, 200, 200) == (30, 5, 90, 35)


def test_context_is_clipped_at_the_picture() -> None:
    assert pixel_window(Box(0, 0, 80, 30), 0.5, 100, 40) == (0, 0, 100, 40)


def test_shrinking_averages_areas() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    means = pixels.reshape(16, 4, 16, 4, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(crop(pixels, Box(0, 0, 64, 64), rule()), means, atol=0.51)


def test_growing_is_bilinear() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 9, 3), np.uint8)
    expected = cv2.resize(pixels, (16, 16), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_array_equal(crop(pixels, Box(0, 0, 9, 9), rule()), expected)


@given(
    st.tuples(st.floats(0, 99), st.floats(0, 99), st.floats(0.01, 200), st.floats(0.01, 200)),
    st.floats(0, 1),
)
def test_a_window_is_never_empty_and_never_leaves_the_picture(sides: tuple[float, ...], context: float) -> None:
    x, y, width, height = sides
    x1, y1, x2, y2 = pixel_window(Box(x, y, x + width, y + height), context, 100, 100)
    assert 0 <= x1 < x2 <= 100
    assert 0 <= y1 < y2 <= 100


def test_a_region_that_is_too_small_is_left_out_with_its_reason() -> None:
    regions = [Region(Box(0, 0, 20, 20)), Region(Box(0, 0, 20, 3.9)), Region(Box(80, 0, 120, 40))]
    crops = cut(whole_frame(striped(RED, GREEN, BLUE)), regions, rule())
    assert crops.reasons == (None, TOO_SMALL, None)
    assert crops.pixels.shape == (2, 16, 16, 3)
    np.testing.assert_array_equal(crops.pixels[1, 0, 0], BLUE)


@pytest.mark.parametrize("width,height", [(16, 16), (24, 8), (8, 32)])
def test_the_input_need_not_be_square(width: int, height: int) -> None:
    oblong = CropRule(width=width, height=height, context=0, resize="area_or_linear", min_side=1)
    assert crop(striped(RED), Box(0, 0, 40, 40), oblong).shape == (height, width, 3)


@pytest.mark.parametrize(("side", "by"), [(46, 1), (47, 2), (93, 2), (94, 4), (187, 4), (188, 8), (4000, 8)])
def test_a_picture_is_decoded_smaller_where_a_crop_keeps_pixels_enough(side: int, by: int) -> None:
    header = Header("jpeg", 4000, 4000)
    assert ENOUGH * by * 16 <= side + by / 2 or by == 1  # it is rounded before it is counted
    assert reduction(header, [Region(Box(0, 0, side, 4000))], [rule(16)]) == by
    assert reduction(header, [Region(Box(0, 0, 4000, side))], [rule(16)]) == by


def test_the_neediest_crop_decides() -> None:
    header, large, small = Header("jpeg", 1000, 1000), Region(Box(0, 0, 900, 900)), Region(Box(0, 0, 64, 64))
    assert reduction(header, [large], [rule(16)]) == 8
    assert reduction(header, [large, small], [rule(16)]) == 2
    assert reduction(header, [large], [rule(16), rule(256)]) == 2
    assert reduction(header, [small], [rule(16, context=0.5)]) == 4  # as much again on each side, but for the corner
    assert reduction(header, [large, Region(Box(0, 0, 3, 3))], [rule(16)]) == 8  # too small to be judged at all


@given(st.tuples(st.floats(0, 395), st.floats(0, 310), st.floats(2, 400), st.floats(2, 400)), st.integers(8, 64))
def test_a_crop_is_the_same_however_large_its_picture_was_decoded(sides: tuple[float, ...], size: int) -> None:
    x, y, width, height = sides
    region, by_rule = Region(Box(x, y, min(x + width, 405), min(y + height, 323))), rule(size, min_side=1)
    blocks = np.random.default_rng(0).integers(0, 256, (41, 51, 3), np.uint8)
    # Averages of 2, 4 or 8 pixels are pixels of it; the last ones would be in part of what is beyond it.
    pixels = blocks.repeat(8, axis=0).repeat(8, axis=1)[:323, :405]
    by = reduction(Header("jpeg", 405, 323), [region], [by_rule])
    whole, smaller = Frame(pixels, 405, 323), Frame(np.ascontiguousarray(pixels[::by, ::by]), 405, 323, by)
    one, other = (cut(frame, [region], by_rule).pixels.astype(int) for frame in (whole, smaller))
    assert np.abs(one - other).max() <= 1


@pytest.mark.parametrize(("width", "height"), [(640, 480), (641, 477), (647, 483)])
@pytest.mark.parametrize("by", REDUCTIONS)
def test_a_crop_of_a_picture_that_was_decoded_smaller_is_the_same_crop(width: int, height: int, by: int) -> None:
    x, y = np.meshgrid(np.linspace(0, 9, width), np.linspace(0, 7, height))
    waves = np.dstack([127 + 100 * np.sin(x + y), 127 + 100 * np.cos(x), 127 + 100 * np.sin(y)]).astype(np.uint8)
    body = encoded(waves, ".jpg")
    header, regions = admit(body), [Region(Box(33, 55, 465, 466)), Region(Box(0, 0, width, height))]
    whole, smaller = (decode(body, header, one) for one in (1, by))
    assert smaller.pixels.shape == (-(-height // by), -(-width // by), 3)
    assert (smaller.width, smaller.height) == (width, height)
    one, other = (cut(frame, regions, rule()).pixels.astype(int) for frame in (whole, smaller))
    assert np.abs(one - other).max() <= 6
    assert np.abs(one - other).mean() < 1.5  # of 11, were it one decoded pixel off
