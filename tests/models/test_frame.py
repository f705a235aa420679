import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pictures import BLUE, RED, encoded, png_header, striped
from roadsight_models import frame, headers
from roadsight_models.errors import BadImage, TooLarge
from roadsight_models.frame import Pixels

KINDS = (".png", ".jpg", ".webp", ".ppm")


@pytest.mark.parametrize("kind", [".png", ".ppm"])
def test_a_lossless_picture_is_decoded_to_the_same_pixels(kind: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (31, 47, 3), np.uint8)
    decoded = frame.decode(encoded(pixels, kind))
    assert (decoded.width, decoded.height) == (47, 31)
    np.testing.assert_array_equal(decoded.pixels, pixels)


@pytest.mark.parametrize("kind", KINDS)
def test_red_stays_red_and_blue_stays_blue(kind: str) -> None:
    decoded = frame.decode(encoded(striped(RED, BLUE), kind)).pixels
    np.testing.assert_allclose(decoded[20, 10], RED, atol=12)
    np.testing.assert_allclose(decoded[20, 70], BLUE, atol=12)


@pytest.mark.parametrize("kind", KINDS)
def test_the_header_tells_the_size_without_a_decode(kind: str) -> None:
    header = headers.probe(encoded(striped(RED, BLUE), kind))
    assert (header.kind, header.width, header.height) == (kind[1:].replace("jpg", "jpeg"), 80, 40)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.99])
def test_a_picture_that_breaks_off_is_refused(kind: str, part: float) -> None:
    whole = encoded(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8), kind)
    with pytest.raises(BadImage):
        frame.decode(whole[: int(len(whole) * part)])


@pytest.mark.parametrize(
    "body", [b"", b"hello, I am a text named .jpg", b"\xff\xd8\xff", b"RIFF", b"P6", b"\x00" * 4096]
)
def test_what_is_no_picture_is_refused(body: bytes) -> None:
    with pytest.raises(BadImage):
        frame.decode(body)


def test_a_png_that_claims_to_be_huge_is_refused_before_any_decode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded"))
    with pytest.raises(TooLarge, match="60000 x 60000"):
        frame.decode(png_header(60_000, 60_000))


def test_a_png_that_claims_more_than_it_holds_is_refused() -> None:
    with pytest.raises(BadImage):
        frame.decode(png_header(64, 64))


def test_the_limit_counts_pixels() -> None:
    body = encoded(striped(RED, width=100, height=100))
    assert frame.decode(body, frame.admit(body, max_pixels=10_000)).width == 100
    with pytest.raises(TooLarge):
        frame.decode(body, frame.admit(body, max_pixels=9_999))


def test_a_kind_that_is_not_wanted_is_refused() -> None:
    with pytest.raises(BadImage, match="a ppm picture"):
        frame.admit(encoded(striped(RED), ".ppm"), kinds=("jpeg", "png"))


def test_a_jpeg_of_very_many_scans_is_refused() -> None:
    bomb = encoded(striped(RED), ".jpg") + b"\xff\xda" * 100
    with pytest.raises(BadImage, match="scans"):
        frame.decode(bomb)


@given(st.sampled_from(KINDS), st.data())
def test_damage_is_decoded_or_refused_but_never_crashes(kind: str, data: st.DataObject) -> None:
    body = bytearray(encoded(striped(RED, BLUE), kind))
    for _ in range(data.draw(st.integers(1, 8))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        decoded = frame.decode(bytes(body), frame.admit(bytes(body), max_pixels=1_000_000))
    except (BadImage, TooLarge):
        return
    assert decoded.pixels.dtype == np.uint8
    assert decoded.pixels.ndim == 3


@given(st.binary(max_size=200))
def test_random_bytes_are_refused(body: bytes) -> None:
    with pytest.raises((BadImage, TooLarge)):
        frame.decode(body)


@pytest.mark.parametrize(
    ("kind", "stored"),
    [
        (".jpg", np.full((9, 9), 128, np.uint8)),
        (".png", np.full((9, 9), 128, np.uint8)),
        (".png", np.full((9, 9, 3), 128 * 257, np.uint16)),
        (".png", np.full((9, 9, 4), (128, 128, 128, 7), np.uint8)),
        (".webp", np.full((9, 9, 4), (128, 128, 128, 255), np.uint8)),
    ],
    ids=["gray jpeg", "gray png", "16-bit png", "png with alpha", "webp with alpha"],
)
def test_however_a_picture_is_stored_it_becomes_8_bit_rgb(kind: str, stored: Pixels) -> None:
    _, data = cv2.imencode(kind, stored)
    decoded = frame.decode(data.tobytes()).pixels
    assert decoded.dtype == np.uint8
    assert decoded.shape == (9, 9, 3)
    np.testing.assert_allclose(decoded, 128, atol=2)
