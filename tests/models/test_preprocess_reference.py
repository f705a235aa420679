"""Cutting and resizing against a slow reference in numpy, straight from the definition."""

import math
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pictures import gradient, noise, whole_frame
from roadsight_models.frame import Pixels
from roadsight_models.manifest import CropRule
from roadsight_models.preprocess import crop, cut, pixel_window
from roadsight_models.regions import Box, Region, within

WIDTH, HEIGHT = 90, 70
PICTURE = noise(WIDTH, HEIGHT)
Weights = npt.NDArray[np.float64]
contexts = st.sampled_from([0.0, 0.125, 0.25, 0.5, 1.0])


def rule(width: int, height: int, context: float = 0.0, min_side: int = 1) -> CropRule:
    return CropRule(width=width, height=height, context=context, resize="area_or_linear", min_side=min_side)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    """Boxes that meet the picture of 90 x 70."""
    x1, y1 = draw(st.integers(-80, 8 * WIDTH - 1)), draw(st.integers(-80, 8 * HEIGHT - 1))
    x2 = draw(st.integers(max(x1, 0) + 1, 8 * WIDTH + 80))
    y2 = draw(st.integers(max(y1, 0) + 1, 8 * HEIGHT + 80))
    return Box(x1 / 8, y1 / 8, x2 / 8, y2 / 8)


def half_up(value: Fraction) -> int:
    return math.floor(value + Fraction(1, 2))


def side(low: float, high: float, context: float, size: int) -> tuple[int, int]:
    """Grown by the context, rounded half up, clipped at the picture, at least one pixel."""
    grow = Fraction(context) * (Fraction(high) - Fraction(low))
    start = min(max(half_up(Fraction(low) - grow), 0), size - 1)
    return start, min(max(half_up(Fraction(high) + grow), start + 1), size)


def area(source: int, target: int) -> Weights:
    """[target, source]: how much of each source pixel lies under a target pixel."""
    step = source / target
    weights = np.zeros((target, source))
    for i in range(target):
        for j in range(source):
            weights[i, j] = max(0.0, min((i + 1) * step, j + 1) - max(i * step, j))
    return weights / step


def linear(source: int, target: int) -> Weights:
    """[target, source]: the two nearest pixel centres, by distance; beyond the last one, it alone."""
    weights = np.zeros((target, source))
    for i in range(target):
        at = (i + 0.5) * source / target - 0.5
        low = math.floor(at)
        for j, weight in ((low, 1 - (at - low)), (low + 1, at - low)):
            weights[i, min(max(j, 0), source - 1)] += weight
    return weights


def reference(pixels: Pixels, box: Box, by: CropRule) -> npt.NDArray[np.float64]:
    x1, x2 = side(box.x1, box.x2, by.context, pixels.shape[1])
    y1, y2 = side(box.y1, box.y2, by.context, pixels.shape[0])
    for grid in (8, 4, 2):  # a window of 1.5 or more of so coarse pixels for each of the input lies on their grid
        coarse = [grid * half_up(Fraction(place, grid)) for place in (x1, y1, x2, y2)]
        for end, size in ((2, pixels.shape[1]), (3, pixels.shape[0])):  # it ends with the last whole one of them
            coarse[end] = min(coarse[end], size // grid * grid)
        wide, high = coarse[2] - coarse[0], coarse[3] - coarse[1]
        if 2 * wide >= 3 * grid * by.width and 2 * high >= 3 * grid * by.height:
            x1, y1, x2, y2 = coarse
            break
    window = pixels[y1:y2, x1:x2].astype(float)
    weigh = area if x2 - x1 >= by.width and y2 - y1 >= by.height else linear
    down, across = weigh(y2 - y1, by.height), weigh(x2 - x1, by.width)
    return np.asarray(np.einsum("yh,xw,hwc->yxc", down, across, window))


@settings(max_examples=200)
@given(boxes(), contexts, st.integers(8, 40), st.integers(8, 40))
def test_a_crop_is_what_its_definition_says(box: Box, context: float, width: int, height: int) -> None:
    by = rule(width, height, context)
    np.testing.assert_allclose(crop(PICTURE, box, by).astype(float), reference(PICTURE, box, by), atol=1.01)


@given(boxes(), contexts)
def test_a_window_is_rounded_half_up_and_clipped(box: Box, context: float) -> None:
    x1, x2 = side(box.x1, box.x2, context, WIDTH)
    y1, y2 = side(box.y1, box.y2, context, HEIGHT)
    assert pixel_window(box, context, WIDTH, HEIGHT) == (x1, y1, x2, y2)


@pytest.mark.parametrize(
    ("box", "window"),
    [
        (Box(0.5, 1.5, 9.5, 9.5), (1, 2, 10, 10)),  # never to even
        (Box(0.49, 1.49, 9.49, 8.51), (0, 1, 9, 9)),
        (Box(-0.5, -0.49, 3, 3), (0, 0, 3, 3)),
        (Box(5.1, 5.1, 5.2, 5.2), (5, 5, 6, 6)),  # no whole pixel: the one it lies in
        (Box(5.6, 5.6, 5.7, 5.7), (6, 6, 7, 7)),
        (Box(89.7, 69.7, 90, 70), (89, 69, 90, 70)),  # rounding would leave the picture
        (Box(-9, -9, 0.1, 0.1), (0, 0, 1, 1)),
    ],
)
def test_worked_windows(box: Box, window: tuple[int, int, int, int]) -> None:
    assert pixel_window(box, 0.0, WIDTH, HEIGHT) == window


@pytest.mark.parametrize(
    ("box", "window"),
    [
        (Box(2, 30, 22, 40), (0, 25, 32, 45)),  # left
        (Box(30, 2, 50, 22), (20, 0, 60, 32)),  # top
        (Box(78, 30, 88, 40), (73, 25, 90, 45)),  # right
        (Box(30, 58, 40, 68), (25, 53, 45, 70)),  # bottom
        (Box(0, 0, 90, 70), (0, 0, 90, 70)),  # everywhere
    ],
)
def test_context_is_cut_off_at_one_side_and_kept_at_the_others(box: Box, window: tuple[int, int, int, int]) -> None:
    assert pixel_window(box, 0.5, WIDTH, HEIGHT) == window
    x1, y1, x2, y2 = window
    same = crop(PICTURE, Box(x1, y1, x2, y2), rule(32, 32))
    np.testing.assert_array_equal(crop(PICTURE, box, rule(32, 32, 0.5)), same)


@given(boxes())
def test_clipping_first_changes_no_crop_without_context(box: Box) -> None:
    (clipped,) = within((Region(box),), WIDTH, HEIGHT)
    assert pixel_window(clipped.box, 0.0, WIDTH, HEIGHT) == pixel_window(box, 0.0, WIDTH, HEIGHT)


@given(boxes(), contexts, contexts)
def test_more_context_never_shows_less(box: Box, one: float, other: float) -> None:
    assume(box.shorter_side >= 1)  # a smaller one is never judged
    inner, outer = (pixel_window(box, context, WIDTH, HEIGHT) for context in sorted((one, other)))
    assert outer[0] <= inner[0] and inner[2] <= outer[2]
    assert outer[1] <= inner[1] and inner[3] <= outer[3]


@given(st.integers(0, 40), st.integers(0, 30), st.integers(20, 50), st.integers(20, 40), st.data())
def test_a_crop_of_a_crop_is_a_crop(x: int, y: int, width: int, height: int, data: st.DataObject) -> None:
    part = PICTURE[y : y + height, x : x + width]
    x1, y1 = data.draw(st.integers(0, 9)), data.draw(st.integers(0, 9))
    inner = Box(x1, y1, x1 + 10, y1 + 10)
    outer = Box(x + x1, y + y1, x + x1 + 10, y + y1 + 10)
    by = rule(16, 16)  # the window is too small to be rounded to a grid, which each picture has its own of
    np.testing.assert_array_equal(crop(part, inner, by), crop(PICTURE, outer, by))


def test_a_crop_of_the_input_s_size_is_the_pixels_themselves_and_a_copy() -> None:
    picture = PICTURE.copy()
    taken = crop(picture, Box(10, 20, 42, 36), rule(32, 16))
    np.testing.assert_array_equal(taken, PICTURE[20:36, 10:42])
    picture[:] = 0
    assert taken.any()


@pytest.mark.parametrize("box", [Box(0, 0, 32, 16), Box(3, 3, 80, 60), Box(3, 3, 9, 9)])
def test_out_is_written_in_place(box: Box) -> None:
    out = np.zeros((3, 16, 32, 3), np.uint8)
    returned = crop(PICTURE, box, rule(32, 16), out=out[1])
    assert np.shares_memory(returned, out)
    np.testing.assert_array_equal(out[1], crop(PICTURE, box, rule(32, 16)))
    assert not out[[0, 2]].any()


@pytest.mark.parametrize("view", [PICTURE[::2, ::3], PICTURE[:, ::-1], PICTURE[::-1], PICTURE[5:60, 7:80]])
def test_pixels_need_not_be_contiguous(view: Pixels) -> None:
    box = Box(1, 2, 25, 30)
    np.testing.assert_array_equal(crop(view, box, rule(16, 16)), crop(np.ascontiguousarray(view), box, rule(16, 16)))


def test_pixels_may_be_read_only_and_stay_as_they_are() -> None:
    picture = PICTURE.copy()
    picture.setflags(write=False)
    cut(whole_frame(picture), [Region(Box(0, 0, 50, 50))], rule(16, 16, 0.5))
    np.testing.assert_array_equal(picture, PICTURE)


@given(st.lists(boxes(), max_size=8), st.integers(1, 40))
def test_regions_keep_their_order_and_small_ones_are_left_out(wanted: list[Box], min_side: int) -> None:
    by = rule(12, 8, 0.25, min_side)
    crops = cut(whole_frame(PICTURE), [Region(box) for box in wanted], by)
    judged = [box for box, reason in zip(wanted, crops.reasons, strict=True) if reason is None]
    assert judged == [box for box in wanted if min(box.x2 - box.x1, box.y2 - box.y1) >= min_side]
    assert crops.pixels.shape == (len(judged), 8, 12, 3)
    for pixels, box in zip(crops.pixels, judged, strict=True):
        np.testing.assert_array_equal(pixels, crop(PICTURE, box, by))


def test_a_picture_of_one_pixel_can_be_cut() -> None:
    crops = cut(whole_frame(np.full((1, 1, 3), 9, np.uint8)), [Region(Box(0, 0, 1, 1))], rule(8, 8, 1.0))
    assert (crops.pixels == 9).all()


def test_right_stays_right_and_down_stays_down() -> None:
    taken = crop(gradient(200, 100), Box(20, 10, 180, 90), rule(32, 24)).astype(int)
    assert (np.diff(taken[..., 0], axis=1) > 0).all() and (np.diff(taken[..., 1], axis=0) > 0).all()


@pytest.mark.parametrize("box", [Box(0, 0, 16, 64), Box(0, 0, 64, 16), Box(0, 0, 17, 16), Box(0, 0, 15, 64)])
def test_a_side_of_the_input_s_size_counts_as_shrinking(box: Box) -> None:
    by = rule(16, 16)
    np.testing.assert_allclose(crop(PICTURE, box, by).astype(float), reference(PICTURE, box, by), atol=1.01)
