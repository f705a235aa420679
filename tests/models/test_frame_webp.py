import struct

import numpy as np
import pytest

from pictures import exif, gradient, noise, riff, riff_chunks, webp, webp_canvas
from roadsight_models import frame, headers
from roadsight_models.errors import BadImage, TooLarge

WIDTH, HEIGHT = 61, 45
PICTURE = gradient(WIDTH, HEIGHT)
LOSSY, LOSSLESS = webp(PICTURE), webp(PICTURE, quality=101)
GLASS = webp(np.dstack((PICTURE, np.full((HEIGHT, WIDTH), 128, np.uint8))))
(IMAGE,) = riff_chunks(LOSSY)


def animation(*pictures: frame.Pixels) -> bytes:
    """Lossless frames of 40 ms that each fill the canvas."""
    frames = [
        (b"ANMF", bytes(6) + size + b"\x28\0\0\0" + riff(*riff_chunks(webp(picture, 101)))[12:])
        for picture in pictures
        for size in (webp_canvas(picture.shape[1], picture.shape[0])[1][4:],)
    ]
    return riff(webp_canvas(WIDTH, HEIGHT, flags=2), (b"ANIM", bytes(6)), *frames)


ANIMATED = animation(PICTURE, noise(WIDTH, HEIGHT))
TAGGED = riff(webp_canvas(WIDTH, HEIGHT, flags=8), IMAGE, (b"EXIF", exif(6)))
STORED = {"lossy": LOSSY, "lossless": LOSSLESS, "alpha": GLASS, "animated": ANIMATED, "tagged": TAGGED}
each_way = pytest.mark.parametrize("body", STORED.values(), ids=STORED)


def test_the_samples_are_stored_in_the_three_ways_there_are() -> None:
    assert [body[12:16] for body in STORED.values()] == [b"VP8 ", b"VP8L", b"VP8X", b"VP8X", b"VP8X"]


@each_way
def test_however_a_webp_is_stored_its_picture_comes_out(body: bytes) -> None:
    header, decoded = headers.probe(body), frame.decode(body)
    assert (header.kind, header.width, header.height) == ("webp", WIDTH, HEIGHT)
    assert decoded.pixels.shape == (HEIGHT, WIDTH, 3)
    assert np.abs(decoded.pixels.astype(int) - PICTURE).mean() < 4


def test_a_lossless_webp_gives_back_its_pixels() -> None:
    for width, height in ((1, 1), (2, 1), (1, 300), (257, 3)):
        pixels = noise(width, height)
        np.testing.assert_array_equal(frame.decode(webp(pixels, 101)).pixels, pixels)


def test_of_an_animation_the_first_picture_is_taken() -> None:
    np.testing.assert_array_equal(frame.decode(ANIMATED).pixels, PICTURE)


def test_an_orientation_tag_turns_nothing() -> None:
    np.testing.assert_array_equal(frame.decode(TAGGED).pixels, frame.decode(LOSSY).pixels)


@each_way
def test_a_webp_cut_anywhere_is_refused(body: bytes) -> None:
    for end in {*range(64), *range(64, len(body), 11), *range(len(body) - 16, len(body))} & set(range(len(body))):
        with pytest.raises(BadImage):
            frame.decode(body[:end])


@each_way
def test_a_header_that_breaks_off_tells_no_size(body: bytes) -> None:
    told = {"lossy": 30, "lossless": 25}.get(next(name for name, other in STORED.items() if other is body), 30)
    for end in range(told):
        with pytest.raises(BadImage):
            headers.probe(body[:end])
    assert headers.probe(body[:told]).width == WIDTH


@each_way
@pytest.mark.parametrize("more", [2, 100, 2**31])
def test_a_file_that_claims_to_be_longer_than_it_is_breaks_off(body: bytes, more: int) -> None:
    (length,) = struct.unpack("<I", body[4:8])
    with pytest.raises(BadImage, match="breaks off"):
        frame.decode(body[:4] + struct.pack("<I", length + more) + body[8:])


@each_way
@pytest.mark.parametrize("length", [0, 4, 12, 20])
def test_a_file_that_claims_to_be_shorter_than_its_picture_is_refused(body: bytes, length: int) -> None:
    with pytest.raises(BadImage):
        frame.decode(body[:4] + struct.pack("<I", length) + body[8:])


@each_way
def test_what_follows_the_end_changes_nothing(body: bytes) -> None:
    np.testing.assert_array_equal(frame.decode(body + b"rest" + LOSSLESS).pixels, frame.decode(body).pixels)


@pytest.mark.parametrize(
    "body",
    [
        riff((b"fmt ", bytes(16)), (b"data", bytes(64)), form=b"WAVE"),
        riff(webp_canvas(8, 8), IMAGE, form=b"AVI "),
        riff(*riff_chunks(LOSSLESS), form=b"webp"),
    ],
    ids=["sound", "film", "wrong case"],
)
def test_a_riff_file_of_another_form_is_named_as_such(body: bytes) -> None:
    with pytest.raises(BadImage, match="not a WebP"):
        frame.decode(body)


@pytest.mark.parametrize("chunks", [(), ((b"EXIF", exif(1)),), ((b"VP8 ", b""),), ((b"VP8L", b"\0" * 20),)])
def test_a_webp_without_a_picture_is_refused(chunks: tuple[tuple[bytes, bytes], ...]) -> None:
    with pytest.raises(BadImage):
        frame.decode(riff(*chunks))


@pytest.mark.parametrize("canvas", [(WIDTH + 1, HEIGHT), (WIDTH, HEIGHT - 1), (1, 1), (4000, 4000)])
def test_a_canvas_of_another_size_than_its_picture_is_refused(canvas: tuple[int, int]) -> None:
    with pytest.raises(BadImage):
        frame.decode(riff(webp_canvas(*canvas), IMAGE))


def test_a_canvas_over_the_limit_is_refused_by_its_header() -> None:
    with pytest.raises(TooLarge, match="16777216 x 16777216"):
        frame.decode(riff(webp_canvas(1 << 24, 1 << 24), IMAGE))
    with pytest.raises(TooLarge, match="16384 x 16384"):  # all 28 bits of the size set
        frame.decode(riff((b"VP8L", b"\x2f" + b"\xff\xff\xff\x0f" + bytes(20))))


def test_a_picture_can_not_hide_behind_a_small_canvas() -> None:
    big = riff_chunks(webp(gradient(900, 900), 101))
    body = riff(webp_canvas(8, 8), *big)
    with pytest.raises(BadImage):
        frame.decode(body, frame.admit(body, max_pixels=64))
