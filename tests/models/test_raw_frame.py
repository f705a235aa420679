"""Raw camera buffers: the same pixels as a file would have, and every layout that can't be is refused."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pictures import encoded, noise
from raw_frames import raw
from roadsight_models.errors import BadImage, TooLarge, UnsupportedMediaType
from roadsight_models.frame import Pixels, admit, decode
from roadsight_models.raw_layout import FORMATS, MEDIA_TYPE, Layout, read

PICTURE = noise(34, 22)
FORM = "application/x-raw-frame; format=bgr; width=34; height=22"


def pixels_of(body: bytes, kind: str) -> Pixels:
    return decode(body, admit(body, layout=read(kind))).pixels


@pytest.mark.parametrize("form", ["bgra", "bgr", "rgb"])
@pytest.mark.parametrize("padding", [0, 1, 30])
def test_colours_are_to_the_byte_those_of_the_same_picture_as_a_png(form: str, padding: int) -> None:
    np.testing.assert_array_equal(pixels_of(*raw(PICTURE, form, padding)), decode(encoded(PICTURE)).pixels)


@pytest.mark.parametrize("padding", [0, 6])
def test_gray_is_the_same_in_every_channel(padding: int) -> None:
    gray = np.repeat(PICTURE[..., :1], 3, axis=2)
    np.testing.assert_array_equal(pixels_of(*raw(PICTURE, "gray", padding)), decode(encoded(gray)).pixels)


@pytest.mark.parametrize("padding", [0, 6])
def test_nv12_is_bt_601_of_limited_range(padding: int) -> None:
    width, height = 32, 16
    rows = np.random.default_rng(1).integers(16, 236, (height * 3 // 2, width), np.uint8)
    luma = 1.164383 * (rows[:height].astype(float) - 16)
    pairs = rows[height:].reshape(height // 2, width // 2, 2).astype(float) - 128
    u, v = np.repeat(np.repeat(pairs, 2, axis=0), 2, axis=1).transpose(2, 0, 1)
    red, green, blue = luma + 1.596027 * v, luma - 0.391762 * u - 0.812968 * v, luma + 2.017232 * u
    expected = np.clip(np.dstack([red, green, blue]), 0, 255)
    body = np.pad(rows, ((0, 0), (0, padding))).tobytes()
    kind = f"application/x-raw-frame; format=nv12; width={width}; height={height}; stride={width + padding}"
    assert np.abs(pixels_of(body, kind) - expected).max() <= 1  # OpenCV computes it in fixed point


@pytest.mark.parametrize("wrong", [-1, 1])
@pytest.mark.parametrize("form", ["bgra", "bgr", "rgb", "gray", "nv12"])
def test_a_buffer_of_another_size_is_told_what_was_expected(form: str, wrong: int) -> None:
    body, kind = raw(PICTURE, form, padding=2)
    layout = read(kind)
    assert layout is not None
    with pytest.raises(BadImage, match=rf"{layout.size} in all; {layout.size + wrong} came"):
        pixels_of((body + b"x")[: layout.size + wrong], kind)


def test_a_size_over_the_limit_is_refused_before_the_buffer_is_looked_at() -> None:
    with pytest.raises(TooLarge, match="1000 x 1000"):
        admit(b"", 999_999, layout=Layout("gray", 1000, 1000, 1000))


def test_the_layout_is_read_as_content_types_are() -> None:
    assert read('APPLICATION/x-raw-frame;Format="BGRA" ;width=8;height=6; stride=40;') == Layout("bgra", 8, 6, 40)
    assert read(FORM) == Layout("bgr", 34, 22, 102)
    assert read("image/png; width=x") is None


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("application/x-raw-frame", "format=''; there are: bgra"),
        (FORM.replace("bgr", "yuyv"), "there are: bgra, bgr, rgb, gray, nv12"),
        (FORM.replace("34", "0"), "width='0' is no whole number from 1"),
        (FORM.replace("34", "-3"), "width='-3'"),
        (FORM.replace("34", "99999999999999999999"), "width='9"),
        (FORM.replace("; height=22", ""), "height=''"),
        (FORM + "; stride=101", "a row of 34 pixels has 102 bytes, more than the stride of 101"),
        (FORM + "; strid=104", "'strid' is unknown"),
        (FORM + "; width=34", "'width' is unknown, or there twice"),
        (FORM + "; =3", "'' is unknown"),
        (FORM.replace("bgr", "nv12").replace("22", "21"), "its sides are even"),
    ],
)
def test_what_can_be_no_layout_is_refused_by_name(kind: str, why: str) -> None:
    with pytest.raises(UnsupportedMediaType, match=why):
        read(kind)


@given(st.sampled_from(sorted(FORMATS)), st.integers(1, 40), st.integers(1, 40), st.integers(0, 9))
def test_whatever_fits_its_layout_is_pixels_of_its_size(form: str, width: int, height: int, padding: int) -> None:
    if form == "nv12":
        width, height = 2 * width, 2 * height
    pixels = noise(width, height)
    body, kind = raw(pixels, form, padding)
    found = pixels_of(body, kind)
    assert found.shape == pixels.shape and found.dtype == np.uint8
    if form in {"bgra", "bgr", "rgb"}:
        np.testing.assert_array_equal(found, pixels)


@given(st.lists(st.sampled_from(["format=bgr", "width=8", "height=6", "stride=24", 'stride="1e3"', " ", "=", "x"])))
@example(["width=\u0664\u0665", "height=6", "format=rgb"])  # digits, of another script
@example(["format=rgb", "height=6", "width=+8"])
@example(["format=rgb", "height=6", "width=1000001"])
@example(["format=gray", "height=6", "width=8", "stride=64000001"])
def test_any_parameters_are_a_layout_or_refused_in_few_words(parameters: list[str]) -> None:
    try:
        layout = read("; ".join([MEDIA_TYPE, *parameters]))
    except UnsupportedMediaType as error:
        assert len(str(error)) < 250
    else:
        assert layout == Layout("bgr", 8, 6, 24)


@pytest.mark.parametrize("kind", ["application/x-raw-frames; format=bgr", "", ";;", "x/y; application/x-raw-frame"])
def test_another_content_type_is_none_of_ours(kind: str) -> None:
    assert read(kind) is None
