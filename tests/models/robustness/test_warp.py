"""Whoever averages gradients over views relies on this: the way back is that of the very way there."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadsight_models.robustness.threat import Floats
from roadsight_models.robustness.victim import to_floats
from roadsight_models.robustness.warp import Warp
from roadsight_models.scene import draw

SIGN = to_floats(draw(3, 64, 48, 1, (30, 40)).pixels[None])
shares = st.floats(-0.5, 0.5)


def noise(size: tuple[int, int], seed: int, count: int = 2) -> Floats:
    return np.random.default_rng(seed).uniform(0, 1, (count, *size, 3)).astype(np.float32)


@settings(max_examples=50)
@given(st.tuples(st.integers(1, 24), st.integers(1, 24)), st.floats(-180, 180), st.floats(0.3, 3), shares, shares)
def test_the_transpose_is_the_adjoint(
    size: tuple[int, int], degrees: float, scale: float, right: float, down: float
) -> None:
    warp = Warp(size, degrees, scale, (right, down))
    pixels, gradient = noise(size, 1), noise(size, 2)
    there = (warp.apply(pixels).astype(np.float64) * gradient).sum((1, 2, 3))
    back = (pixels.astype(np.float64) * warp.transpose(gradient)).sum((1, 2, 3))
    np.testing.assert_allclose(there, back, rtol=1e-5)


def test_what_is_not_moved_stays_exactly_as_it_is() -> None:
    np.testing.assert_array_equal(Warp((48, 64)).apply(SIGN), SIGN)
    np.testing.assert_array_equal(Warp((48, 64)).transpose(SIGN), SIGN)


def test_a_shift_by_whole_pixels_goes_right_and_down_and_leaves_the_border_behind() -> None:
    moved = Warp((48, 64), shift=(3 / 64, 2 / 48)).apply(SIGN)
    np.testing.assert_allclose(moved[:, 2:, 3:], SIGN[:, :-2, :-3], atol=1e-5)
    np.testing.assert_allclose(moved[:, 2:, 0], SIGN[:, :-2, 0], atol=1e-5)
    np.testing.assert_allclose(moved[:, 0, 3:], SIGN[:, 0, :-3], atol=1e-5)


def test_a_quarter_turn_goes_against_the_clock() -> None:
    square = SIGN[:, :, 8:56]
    np.testing.assert_allclose(Warp((48, 48), 90).apply(square), np.rot90(square, axes=(1, 2)), atol=1e-5)


VIEWS = [(10, 1.0, (0.0, 0.0)), (-25, 0.8, (0.05, -0.1)), (3, 1.3, (0.0, 0.2))]


@pytest.mark.parametrize(("degrees", "scale", "shift"), VIEWS)
def test_it_is_opencv_s_but_for_its_rounding_of_places(
    degrees: float, scale: float, shift: tuple[float, float]
) -> None:
    matrix = np.asarray(cv2.getRotationMatrix2D((31.5, 23.5), degrees, scale), np.float64)
    matrix[:, 2] += shift[0] * 64, shift[1] * 48
    expected = cv2.warpAffine(SIGN[0], matrix, (64, 48), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    difference = np.abs(Warp((48, 64), degrees, scale, shift).apply(SIGN)[0] - expected)
    assert difference.max() < 2 / 32  # half of 1/32 px, both ways, of a step from black to white
    assert difference.mean() < 0.002


def test_no_view_of_one_colour_shows_another() -> None:
    grey = np.full((1, 20, 30, 3), 0.3, np.float32)
    np.testing.assert_allclose(Warp((20, 30), 33, 0.5, (0.3, 0.4)).apply(grey), grey, atol=1e-6)


def test_each_picture_is_moved_by_itself() -> None:
    warp, pixels = Warp((16, 16), 20, 1.1, (0.1, 0)), noise((16, 16), 3, 5)
    for way in (warp.apply, warp.transpose):
        np.testing.assert_array_equal(way(pixels)[3:4], way(pixels[3:4]))
