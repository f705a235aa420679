import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from roadsight_models import regions
from roadsight_models.errors import BadParameter, BadRegion
from roadsight_models.regions import Box, Region

coordinates = st.floats(-2000, 2000, allow_nan=False)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    x1, x2 = sorted((draw(coordinates), draw(coordinates)))
    y1, y2 = sorted((draw(coordinates), draw(coordinates)))
    assume(x1 < x2 and y1 < y2)
    return Box(x1, y1, x2, y2)


sizes = st.tuples(st.integers(1, 2000), st.integers(1, 2000))


def test_boxes_and_boxes_with_tracks_are_read() -> None:
    parsed = regions.parse('[[1, 2, 3, 4], {"box": [0.5, 0, 9, 9], "track": "7"}]')
    assert parsed == (Region(Box(1, 2, 3, 4)), Region(Box(0.5, 0, 9, 9), "7"))


@given(st.lists(boxes(), min_size=1, max_size=5))
def test_what_is_written_is_read(wanted: list[Box]) -> None:
    assert [region.box for region in regions.parse(json.dumps(wanted))] == wanted


@given(boxes(), sizes)
def test_a_clipped_region_lies_in_the_picture_or_is_refused(box: Box, size: tuple[int, int]) -> None:
    width, height = size
    try:
        (clipped,) = regions.within((Region(box),), width, height)
    except BadRegion:
        assert box.x2 <= 0 or box.y2 <= 0 or box.x1 >= width or box.y1 >= height
        return
    assert 0 <= clipped.box.x1 < clipped.box.x2 <= width
    assert 0 <= clipped.box.y1 < clipped.box.y2 <= height


@pytest.mark.parametrize(
    "bad",
    [
        "[5, 5, 4, 9]",
        "[5, 5, 9, 5]",
        "[NaN, 0, 1, 1]",
        "[0, 0, Infinity, 1]",
        "[0, 0, 1e400, 1]",
        f"[0, 0, {10**400}, 1]",
        "[0, 0, 1]",
        "[0, 0, 1, 1, 1]",
        '["0", 0, 1, 1]',
        "[true, 0, 2, 2]",
        "[null, 0, 1, 1]",
        "7",
        '{"box": [0, 0, 1, 1], "trak": "7"}',
        '{"box": [0, 0, 1, 1], "track": ""}',
        '{"track": "7"}',
    ],
)
def test_the_first_bad_region_is_named_by_its_index(bad: str) -> None:
    with pytest.raises(BadRegion, match="region 2 ") as caught:
        regions.parse(f"[[0, 0, 1, 1], [0, 0, 2, 2], {bad}, [3, 3, 1, 1]]")
    assert caught.value.index == 2


def test_more_than_the_limit_is_refused_with_the_index_of_the_first_too_many() -> None:
    text = json.dumps([[0, 0, 1, 1]] * 257)
    with pytest.raises(BadRegion, match=r"region 256 .* at most 256"):
        regions.parse(text)


@pytest.mark.parametrize("text", ["", "no", "{}", "[]", "7", "[" * 100_000, "[" * 10_000, " " * 70_000])
def test_what_is_no_list_of_boxes_is_refused(text: str) -> None:
    with pytest.raises((BadParameter, BadRegion)):
        regions.parse(text)


def test_a_region_wholly_outside_is_named() -> None:
    inside, outside = Region(Box(0, 0, 5, 5)), Region(Box(100, 0, 120, 20))
    with pytest.raises(BadRegion, match=r"region 1 .* wholly outside the picture of 100 x 50"):
        regions.within((inside, outside), 100, 50)


def test_whole_numbers_stay_whole() -> None:
    (clipped,) = regions.within(regions.parse("[[-5, 2, 60, 40]]"), 50, 30)
    assert repr(tuple(clipped.box)) == "(0, 2, 50, 30)"
