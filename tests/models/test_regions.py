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
        '{"box": [9, 9, 12, 12], "track": "first"}',
    ],
)
def test_the_first_bad_region_is_named_by_its_index(bad: str) -> None:
    with pytest.raises(BadRegion, match="region 2 ") as caught:
        regions.parse(f'[{{"box": [0, 0, 1, 1], "track": "first"}}, [0, 0, 2, 2], {bad}, [3, 3, 1, 1]]')
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


tracked = st.lists(
    st.tuples(boxes(), st.none() | st.text("abc123-", min_size=1, max_size=9)),
    min_size=1,
    max_size=6,
    unique_by=lambda pair: pair[1] or object(),  # any number without a track
)


@given(tracked, sizes)
def test_order_and_tracks_are_kept_from_text_to_clipped_region(
    wanted: list[tuple[Box, str | None]], size: tuple[int, int]
) -> None:
    parsed = regions.parse(json.dumps([{"box": box, "track": track} for box, track in wanted]))
    assert [(region.box, region.track) for region in parsed] == wanted
    try:
        clipped = regions.within(parsed, *size)
    except BadRegion as refused:
        before = regions.within(parsed[: refused.index], *size)  # all before the named one are good
        assert len(before) == refused.index
        return
    assert [region.track for region in clipped] == [track for _, track in wanted]


@given(boxes(), sizes)
def test_to_clip_twice_is_to_clip_once(box: Box, size: tuple[int, int]) -> None:
    try:
        once = regions.within((Region(box, "7"),), *size)
    except BadRegion:
        return
    assert regions.within(once, *size) == once


@given(boxes(), sizes)
def test_a_region_inside_stays_as_it_is(box: Box, size: tuple[int, int]) -> None:
    width, height = size
    if box.x1 >= 0 and box.y1 >= 0 and box.x2 <= width and box.y2 <= height:
        assert regions.within((Region(box),), *size) == (Region(box),)
    assert regions.within((regions.whole(*size),), *size) == (regions.whole(*size),)


@pytest.mark.parametrize("box", [(-9, 0, 0, 9), (0, -9, 9, 0), (100, 0, 109, 9), (0, 50, 9, 59)])
def test_a_box_that_only_touches_the_picture_is_outside(box: tuple[int, int, int, int]) -> None:
    with pytest.raises(BadRegion, match="wholly outside"):
        regions.within((Region(Box(*box)),), 100, 50)


@pytest.mark.parametrize("box", [(-9, -9, 0.5, 0.5), (99.5, 49.5, 120, 90)])
def test_a_sliver_inside_is_inside(box: tuple[float, float, float, float]) -> None:
    (clipped,) = regions.within((Region(Box(*box)),), 100, 50)
    assert clipped.box.shorter_side == 0.5


def test_as_many_as_allowed_are_read() -> None:
    assert len(regions.parse(json.dumps([[0, 0, 1, 1]] * 256))) == 256
    with pytest.raises(BadRegion, match=r"region 3 .* at most 3"):
        regions.parse(json.dumps([[0, 0, 1, 1]] * 4), limit=3)


def test_coordinates_are_read_up_to_the_bound() -> None:
    (region,) = regions.parse("[[-1000000, -1e6, 1000000, 1e6]]")
    assert region.box == (-1e6, -1e6, 1e6, 1e6)
    with pytest.raises(BadRegion, match="within"):
        regions.parse("[[0, 0, 1, 1000000.1]]")


@pytest.mark.parametrize("track", ["\\ud800", "a\\u0000b", "\\n", "a\\tb", "\\u200b", "x" * 129])
def test_a_track_that_could_not_be_echoed_is_refused(track: str) -> None:
    with pytest.raises(BadRegion, match=r"region 0 .* a track is a string of 1 to 128 printable characters"):
        regions.parse(f'[{{"box": [0, 0, 1, 1], "track": "{track}"}}]')


@pytest.mark.parametrize("other", ["07", "7 ", "a"])
def test_an_object_is_once_in_a_frame_whatever_lies_between_and_others_are_not_it(other: str) -> None:
    entries = [{"box": [0, 0, 1, 1], "track": "7"}, [0, 0, 1, 1], [0, 0, 1, 1], {"box": [0, 0, 1, 1], "track": other}]
    assert [region.track for region in regions.parse(json.dumps(entries))] == ["7", None, None, other]
    with pytest.raises(BadRegion, match=r"region 4 .* the same track; an object is once in a frame") as caught:
        regions.parse(json.dumps([*entries, {"box": [5, 5, 9, 9], "track": "7"}]))
    assert caught.value.index == 4


def test_a_track_may_be_in_any_script() -> None:
    (region,) = regions.parse('[{"box": [0, 0, 1, 1], "track": "M\u00fcller 7 \u4f60"}]')
    assert region.track == "M\u00fcller 7 \u4f60"


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(st.characters(), max_size=5),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from(["box", "track", "x"]), inner),
    max_leaves=12,
)


@given(st.lists(json_values, max_size=3), st.booleans())
def test_whatever_json_holds_is_read_or_refused_in_a_short_sentence_that_can_be_sent(
    value: list[object], escaped: bool
) -> None:
    try:
        regions.parse(json.dumps(value, ensure_ascii=escaped))
    except (BadRegion, BadParameter) as refused:
        assert len(str(refused).encode()) < 600


@pytest.mark.parametrize("text", ['["\\ud800"]', '[{"\\ud800": 1}]', '[["\\ud800", 0, 1, 1]]', '[{"box": "\\udfff"}]'])
def test_half_a_character_is_refused_in_a_sentence_that_can_be_sent(text: str) -> None:
    with pytest.raises(BadRegion) as refused:
        regions.parse(text)
    assert str(refused.value).encode().startswith(b"region 0 ")
