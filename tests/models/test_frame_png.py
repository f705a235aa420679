import struct
import zlib
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pictures
from pictures import GRAY, GRAY_ALPHA, PALETTE, RGB, RGBA, noise, png, png_chunk, png_chunks
from roadsight_models import frame, headers
from roadsight_models.errors import BadImage, TooLarge

WIDTH, HEIGHT = 13, 9
COLOURS = np.random.default_rng(1).integers(0, 256, (16, 3), np.uint8)
RNG = np.random.default_rng(2)
DEEP = RNG.integers(0, 1 << 16, (HEIGHT, WIDTH, 3), np.uint16)
BITS = RNG.integers(0, 2, (HEIGHT, WIDTH), np.uint8)
INDICES = RNG.integers(0, 16, (HEIGHT, WIDTH), np.uint8)
LEVELS = RNG.integers(0, 256, (HEIGHT, WIDTH), np.uint8)
PLTE = png_chunk(b"PLTE", COLOURS.tobytes())
CLUTTER = b"".join(
    png_chunk(kind, data)
    for kind, data in (
        (b"gAMA", struct.pack(">I", 45455)),
        (b"pHYs", struct.pack(">IIB", 2835, 2835, 1)),
        (b"tEXt", b"Comment\0IDAT and IEND are but words here: IEND"),
        (b"eXIf", pictures.exif(6)),
        (b"roAd", bytes(100)),
    )
)
PICTURE = noise(WIDTH, HEIGHT)
# What is stored -> the file, and the 8-bit RGB that must come out.
STORED = {
    "rgb": (png(PICTURE), PICTURE),
    "interlaced": (png(PICTURE, interlaced=True), PICTURE),
    "interlaced 1 x 1": (png(PICTURE[:1, :1], interlaced=True), PICTURE[:1, :1]),
    "many parts": (png(PICTURE, parts=7), PICTURE),
    "clutter": (png(PICTURE, before=CLUTTER), PICTURE),
    "16 bits": (png(DEEP, depth=16), DEEP >> 8),
    "1 bit": (png(BITS, GRAY, 1), np.repeat(BITS[..., None] * 255, 3, 2)),
    "gray": (png(LEVELS, GRAY), np.repeat(LEVELS[..., None], 3, 2)),
    "interlaced gray of 1 bit": (png(BITS, GRAY, 1, interlaced=True), np.repeat(BITS[..., None] * 255, 3, 2)),
    "gray with alpha": (png(np.dstack((LEVELS, BITS)), GRAY_ALPHA), np.repeat(LEVELS[..., None], 3, 2)),
    "palette of 4 bits": (png(INDICES, PALETTE, 4, before=PLTE), COLOURS[INDICES]),
    "palette of 8 bits": (png(INDICES, PALETTE, 8, before=PLTE), COLOURS[INDICES]),
    "palette, one colour transparent": (
        png(INDICES, PALETTE, 8, before=PLTE + png_chunk(b"tRNS", b"\0\x80")),
        COLOURS[INDICES],
    ),
    "alpha": (png(np.dstack((PICTURE, LEVELS)), RGBA), PICTURE),
}
each_way = pytest.mark.parametrize(("body", "expected"), STORED.values(), ids=STORED)


@each_way
def test_however_a_png_is_stored_its_pixels_come_out(body: bytes, expected: frame.Pixels) -> None:
    decoded = frame.decode(body)
    assert (decoded.width, decoded.height) == (expected.shape[1], expected.shape[0])
    np.testing.assert_allclose(decoded.pixels.astype(int), expected, atol=1)


@each_way
def test_a_png_cut_anywhere_is_refused(body: bytes, expected: frame.Pixels) -> None:
    assert expected.size
    boundaries = png_chunks(body)
    assert boundaries[-1] == len(body)
    around = {at + offset for at in boundaries for offset in range(-13, 13)}
    for end in sorted((around | set(range(0, len(body), 7))) & set(range(len(body)))):
        with pytest.raises(BadImage):
            frame.decode(body[:end])


@each_way
def test_any_missing_chunk_that_carries_the_picture_is_an_error(body: bytes, expected: frame.Pixels) -> None:
    assert expected.size
    starts = png_chunks(body)
    for start, end in pairwise(starts):
        if body[start + 4 : start + 8] in {b"IHDR", b"PLTE", b"IDAT", b"IEND"}:
            with pytest.raises(BadImage):
                frame.decode(body[:start] + body[end:])


@given(st.integers(8, len(STORED["rgb"][0]) - 13), st.integers(0, 7))
def test_one_flipped_bit_in_the_header_or_the_data_is_found(at: int, bit: int) -> None:
    body = bytearray(STORED["rgb"][0])
    body[at] ^= 1 << bit
    with pytest.raises((BadImage, TooLarge)):
        frame.decode(bytes(body))


@pytest.mark.parametrize("tail", [b"\0", b"<script>", noise(9, 9).tobytes(), STORED["gray"][0]])
def test_what_follows_the_end_changes_nothing(tail: bytes) -> None:
    np.testing.assert_array_equal(frame.decode(STORED["rgb"][0] + tail).pixels, PICTURE)


def test_pixels_that_end_too_early_are_refused_though_all_checksums_hold() -> None:
    short = png(PICTURE[:-1]).replace(
        png_chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT - 1, 8, RGB, 0, 0, 0)),
        png_chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, RGB, 0, 0, 0)),
    )
    assert headers.probe(short).height == HEIGHT
    with pytest.raises(BadImage, match="damaged png"):
        frame.decode(short)


@pytest.mark.parametrize(
    ("depth", "colour", "compression", "rule", "interlace"),
    [
        (7, RGB, 0, 0, 0),
        (8, 5, 0, 0, 0),
        (16, PALETTE, 0, 0, 0),
        (8, RGB, 1, 0, 0),
        (8, RGB, 0, 1, 0),
        (8, RGB, 0, 0, 2),
    ],
)
def test_a_header_of_no_known_form_is_refused(
    depth: int, colour: int, compression: int, rule: int, interlace: int
) -> None:
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, depth, colour, compression, rule, interlace)
    body = STORED["rgb"][0]
    with pytest.raises(BadImage):
        frame.decode(body[:8] + png_chunk(b"IHDR", header) + body[33:])


@pytest.mark.parametrize("size", [(0, 9), (9, 0), (0, 0)])
def test_a_picture_without_pixels_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(BadImage, match=f"claims {size[0]} x {size[1]}"):
        headers.probe(pictures.png_header(*size))


def test_a_second_header_can_not_raise_the_size() -> None:
    body = STORED["rgb"][0]
    second = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, RGB, 0, 0, 0))
    with pytest.raises(BadImage):
        frame.decode(body[:33] + second + body[33:])


def test_more_data_than_the_size_needs_is_not_inflated_into_memory() -> None:
    lines = b"".join(b"\0" + row.tobytes() for row in PICTURE)
    bomb = png_chunk(b"IDAT", zlib.compress(lines + bytes(20_000_000)))
    body = STORED["rgb"][0]
    np.testing.assert_array_equal(frame.decode(body[:33] + bomb + png_chunk(b"IEND", b"")).pixels, PICTURE)


def test_a_text_that_inflates_without_end_is_not_read() -> None:
    bomb = png_chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(50_000_000)))
    np.testing.assert_array_equal(frame.decode(png(PICTURE, before=bomb)).pixels, PICTURE)


def test_a_png_of_very_many_chunks_is_refused_before_they_are_all_walked() -> None:
    crumbs = png_chunk(b"roAd", b"") * (headers.MAX_PNG_CHUNKS + 1)
    with pytest.raises(BadImage, match="chunks"):
        frame.decode(png(PICTURE, before=crumbs))


def test_a_chunk_that_claims_to_be_longer_than_the_file_breaks_off() -> None:
    body = bytearray(STORED["rgb"][0])
    body[33:37] = b"\xff\xff\xff\xff"
    with pytest.raises(BadImage, match="breaks off"):
        frame.decode(bytes(body))
