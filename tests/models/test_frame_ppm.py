import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pictures import noise, ppm
from roadsight_models import frame, headers
from roadsight_models.errors import BadImage, TooLarge

PICTURE = noise(5, 3)
gaps = st.text("\n\t \r", min_size=1, max_size=4) | st.just(" # 7 8 9 and P6\n") | st.just("\n#\n#x\n ")


@given(gaps, gaps, gaps, st.sampled_from("\n \t\r"))
def test_white_space_and_comments_may_stand_between_the_numbers(a: str, b: str, c: str, last: str) -> None:
    header = f"P6\n{a}5{b}3{c}255{last}".encode()
    assert headers.probe(header) == headers.Header("ppm", 5, 3)
    np.testing.assert_array_equal(frame.decode(ppm(PICTURE, header)).pixels, PICTURE)


@pytest.mark.parametrize("sample", b"\n #0P")
def test_samples_that_look_like_white_space_or_text_are_samples(sample: int) -> None:
    pixels = np.full((3, 5, 3), sample, np.uint8)
    for end in (b"\n", b" "):
        np.testing.assert_array_equal(frame.decode(ppm(pixels, b"P6 5 3 255" + end)).pixels, pixels)


def test_sixteen_bits_become_eight() -> None:
    deep = np.random.default_rng(0).integers(0, 1 << 16, (3, 5, 3), np.uint16)
    np.testing.assert_allclose(frame.decode(ppm(deep)).pixels.astype(int), deep >> 8, atol=1)


@pytest.mark.parametrize("samples", [PICTURE, PICTURE.astype(np.uint16)], ids=["8 bits", "16 bits"])
def test_a_ppm_cut_anywhere_is_refused(samples: frame.Pixels) -> None:
    body = ppm(samples)
    for end in range(len(body)):
        with pytest.raises(BadImage):
            frame.decode(body[:end])
    frame.decode(body + b"rest")


@pytest.mark.parametrize("largest", [0, 1, 100, 127, 254, 256, 1023, 4095, 65534, 65536, 99999])
def test_a_range_that_would_come_out_too_dark_is_refused(largest: int) -> None:
    with pytest.raises(BadImage, match=f"largest value is {largest};"):
        frame.decode(b"P6\n5 3\n%d\n" % largest + bytes(5 * 3 * 3 * 2))


@pytest.mark.parametrize(
    "header",
    [
        "P6 -5 3 255 ",
        "P6 5 -3 255 ",
        "P6 5 3 -255 ",
        "P6 +5 3 255 ",
        "P6 5.0 3 255 ",
        "P6 5e0 3 255 ",
        "P6 0x5 3 255 ",
        "P6 5_0 3 255 ",
        "P6 \N{ARABIC-INDIC DIGIT FIVE} 3 255 ",
        "P6 5 3P6 255 ",
        "P65 3 255 ",
        "P6x 5 3 255 ",
        "P6 5 3 255x",
        "P6 5 3 255#\n",
        "P6 5,3,255 ",
        "P6 5 3 # 255 ",
        "P6 5 3 ",
        "P6 0 3 255 ",
        "P6 5 0 255 ",
        "P6\0\0\0\0",
    ],
)
def test_numbers_that_are_none_are_refused(header: str) -> None:
    with pytest.raises(BadImage):
        frame.decode(header.encode() + bytes(500))


@pytest.mark.parametrize("digits", [5, 9, 10, 400, 5000])
def test_a_size_of_many_digits_is_refused_in_a_short_sentence(digits: int) -> None:
    with pytest.raises((TooLarge, BadImage)) as refused:
        frame.decode(b"P6 %s 10000 255 " % (b"9" * digits) + bytes(99))
    assert len(str(refused.value)) < 100


def test_leading_zeros_count_for_nothing() -> None:
    np.testing.assert_array_equal(frame.decode(ppm(PICTURE, b"P6 005 0003 00255 ")).pixels, PICTURE)


@pytest.mark.parametrize("magic", [b"P1", b"P2", b"P3", b"P4", b"P5", b"P7", b"Pf", b"PF", b"p6"])
def test_the_other_portable_formats_are_refused(magic: bytes) -> None:
    with pytest.raises(BadImage, match="not a JPEG, PNG, WebP or PPM"):
        frame.decode(magic + b"\n5 3\n255\n" + bytes(45))


def test_a_comment_without_end_is_given_up_soon() -> None:
    for filling in (b"x", b"\n", b"#\n", b" 1"):
        with pytest.raises(BadImage):
            headers.probe(b"P6 #" + filling * 5_000_000)
