import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pictures import BLUE, GREEN, RED, striped
from roadsight_models.frame import Frame
from roadsight_models.manifest import CropRule
from roadsight_models.preprocess import TOO_SMALL, crop, cut, pixel_window
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
    crops = cut(Frame(striped(RED, GREEN, BLUE)), regions, rule())
    assert crops.reasons == (None, TOO_SMALL, None)
    assert crops.pixels.shape == (2, 16, 16, 3)
    np.testing.assert_array_equal(crops.pixels[1, 0, 0], BLUE)


@pytest.mark.parametrize("width,height", [(16, 16), (24, 8), (8, 32)])
def test_the_input_need_not_be_square(width: int, height: int) -> None:
    oblong = CropRule(width=width, height=height, context=0, resize="area_or_linear", min_side=1)
    assert crop(striped(RED), Box(0, 0, 40, 40), oblong).shape == (height, width, 3)
