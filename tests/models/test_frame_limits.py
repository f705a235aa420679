"""What all kinds of picture have in common: header and pixels agree, limits hold, only errors of ours come out."""

import subprocess
import sys
from collections.abc import Callable

import cv2
import numpy as np
import pytest
import simplejpeg
from hypothesis import given, settings
from hypothesis import strategies as st

from pictures import gradient, jpeg, jpeg_resized, noise, png, png_header, ppm, riff, webp, webp_canvas
from roadsight_models import frame, headers
from roadsight_models.errors import BadImage, RoadsightError, TooLarge

WRITERS: dict[str, Callable[[frame.Pixels], bytes]] = {
    "jpeg": jpeg,
    "progressive jpeg": lambda pixels: jpeg(pixels, cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
    "png": png,
    "interlaced png": lambda pixels: png(pixels, interlaced=True),
    "lossy webp": webp,
    "lossless webp": lambda pixels: webp(pixels, 101),
    "ppm": ppm,
}
kinds = st.sampled_from(sorted(WRITERS))
sides = st.integers(1, 300)
MAGIC = {
    "jpeg": b"\xff\xd8\xff",
    "png": b"\x89PNG\r\n\x1a\n",
    "png with a header": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "webp": b"RIFF\x40\0\0\0WEBP",
    "lossy webp": b"RIFF\x40\0\0\0WEBPVP8 ",
    "lossless webp": b"RIFF\x40\0\0\0WEBPVP8L",
    "extended webp": b"RIFF\x40\0\0\0WEBPVP8X",
    "ppm": b"P6",
}
LIARS = {
    "png": png_header(6300, 6300),
    "jpeg": jpeg_resized(jpeg(gradient(16, 16)), 6300, 6300),
    "webp": riff(webp_canvas(6300, 6300)),
    "lossless webp": riff((b"VP8L", b"\x2f" + (6299 | 6299 << 14).to_bytes(4, "little") + bytes(9))),
    "ppm": b"P6 6300 6300 255 " + bytes(99),
}


def name_of(kind: str) -> str:
    return kind.rpartition(" ")[2]


@settings(max_examples=100)
@given(kinds, sides, sides)
def test_the_size_in_the_header_is_the_size_of_the_picture(kind: str, width: int, height: int) -> None:
    pixels = gradient(width, height)
    body = WRITERS[kind](pixels)
    header, decoded = headers.probe(body), frame.decode(body)
    assert (header.width, header.height) == (decoded.width, decoded.height) == (width, height)
    assert header.kind == name_of(kind)
    assert decoded.pixels.flags.c_contiguous
    if min(width, height) >= 32:  # smaller, a lossy kind keeps only the mean colour
        assert np.abs(decoded.pixels.astype(int) - pixels).mean() < 8


@pytest.mark.parametrize("kind", WRITERS)
def test_the_limit_is_checked_on_the_header_alone(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "imdecode", lambda *_, **__: pytest.fail("decoded"))
    monkeypatch.setattr(simplejpeg, "decode_jpeg", lambda *_, **__: pytest.fail("decoded"))
    body = WRITERS[kind](noise(20, 10))
    with pytest.raises(TooLarge, match="20 x 10 pixels; at most 199 are accepted"):
        frame.decode(body, frame.admit(body, max_pixels=199))


@pytest.mark.parametrize("kind", WRITERS)
def test_a_picture_of_just_the_limit_is_read(kind: str) -> None:
    assert frame.admit(WRITERS[kind](noise(20, 10)), max_pixels=200).height == 10


@pytest.mark.parametrize("kind", LIARS)
def test_just_under_the_limit_a_lie_about_the_size_is_found(kind: str) -> None:
    assert headers.probe(LIARS[kind]).width == 6300
    with pytest.raises(BadImage):
        frame.decode(LIARS[kind])


def test_no_lie_about_the_size_costs_much_memory() -> None:
    """In a process of its own, where the highest mark of memory is ours."""
    code = f"""import resource
from roadsight_models import frame, headers
from roadsight_models.errors import BadImage
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for body in {[LIARS[kind] for kind in LIARS if kind != "jpeg"]!r}:
    try:
        frame.decode(body)
    except BadImage:
        pass
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert int(done.stdout.splitlines()[-1]) < 40_000  # KB; the picture would take 119,070


@pytest.mark.parametrize("kind", MAGIC)
@given(data=st.data())
def test_behind_a_good_beginning_anything_is_a_header_or_an_error_of_ours(kind: str, data: st.DataObject) -> None:
    body = MAGIC[kind] + data.draw(st.binary(max_size=120))
    try:
        header = headers.probe(body)
        assert min(header.width, header.height) >= 1
        frame.decode(body, frame.admit(body, max_pixels=10_000))
    except RoadsightError as error:
        assert isinstance(error, BadImage | TooLarge)


@pytest.mark.parametrize("kind", WRITERS)
@given(data=st.data())
def test_damage_to_the_first_bytes_is_decoded_as_claimed_or_refused(kind: str, data: st.DataObject) -> None:
    body = bytearray(WRITERS[kind](gradient(24, 18)))
    for _ in range(data.draw(st.integers(1, 3))):
        body[data.draw(st.integers(2, min(len(body), 200) - 1))] = data.draw(st.sampled_from([0, 1, 127, 128, 255]))
    try:
        decoded = frame.decode(bytes(body), frame.admit(bytes(body), max_pixels=10_000))
    except (BadImage, TooLarge):
        return
    header = headers.probe(bytes(body))
    assert (decoded.width, decoded.height) == (header.width, header.height)


@pytest.mark.parametrize("kind", WRITERS)
def test_a_kind_that_is_not_wanted_is_not_decoded(kind: str) -> None:
    others = tuple({"jpeg", "png", "webp", "ppm"} - {name_of(kind)})
    with pytest.raises(BadImage, match=f"a {name_of(kind)} picture; accepted are"):
        frame.admit(WRITERS[kind](noise(4, 4)), kinds=others)


def test_two_pictures_do_not_share_their_pixels() -> None:
    for write in WRITERS.values():
        body = write(noise(9, 9))
        one, other = frame.decode(body).pixels, frame.decode(body).pixels
        one[:] = 0
        assert other.any()
