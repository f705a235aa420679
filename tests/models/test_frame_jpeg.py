import cv2
import numpy as np
import pytest
import simplejpeg

from pictures import exif, gradient, jpeg, jpeg_resized, jpeg_segment, jpeg_segments, noise
from roadsight_models import frame, headers
from roadsight_models.errors import BadImage, TooLarge

PICTURE = gradient(61, 45)  # no multiple of a block in either direction
SAMPLING = cv2.IMWRITE_JPEG_SAMPLING_FACTOR
STORED = {
    "4:4:4": jpeg(PICTURE, SAMPLING, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444),
    "4:2:2": jpeg(PICTURE, SAMPLING, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422),
    "4:4:0": jpeg(PICTURE, SAMPLING, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_440),
    "4:2:0": jpeg(PICTURE, SAMPLING, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420),
    "progressive": jpeg(PICTURE, cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
    "restart markers": jpeg(PICTURE, cv2.IMWRITE_JPEG_RST_INTERVAL, 2),
    "optimised": jpeg(PICTURE, cv2.IMWRITE_JPEG_OPTIMIZE, 1),
}
each_way = pytest.mark.parametrize("body", STORED.values(), ids=STORED)
BODY = STORED["4:2:0"]


def after_start(body: bytes, *segments: bytes) -> bytes:
    return body[:2] + b"".join(segments) + body[2:]


@each_way
def test_however_a_jpeg_is_stored_its_picture_comes_out(body: bytes) -> None:
    header, decoded = headers.probe(body), frame.decode(body)
    assert (header.width, header.height) == (decoded.width, decoded.height) == (61, 45)
    assert np.abs(decoded.pixels.astype(int) - PICTURE).mean() < 3


@each_way
def test_a_jpeg_cut_anywhere_is_refused(body: bytes) -> None:
    boundaries = [at for _, at in jpeg_segments(body)]
    scans = [at for at in range(len(body) - 1) if body[at] == 0xFF and (0xD0 <= body[at + 1] <= 0xDA)]
    around = {at + offset for at in boundaries + scans for offset in range(-3, 5)}
    ends = around | set(range(0, len(body), 5)) | set(range(len(body) - 8, len(body)))
    for end in sorted(ends & set(range(len(body)))):
        with pytest.raises(BadImage):
            frame.decode(body[:end])


def test_a_jpeg_whose_middle_is_lost_is_refused_though_it_ends_well() -> None:
    body = jpeg(noise(64, 64))
    with pytest.raises(BadImage, match="damaged JPEG"):
        frame.decode(body[: len(body) // 2] + body[-2:])


def test_a_jpeg_with_a_lost_restart_interval_is_refused() -> None:
    body = STORED["restart markers"]
    first, second = body.index(b"\xff\xd1"), body.index(b"\xff\xd2")
    with pytest.raises(BadImage, match="damaged JPEG"):
        frame.decode(body[:first] + body[second:])


def without(body: bytes, marker: int) -> bytes:
    """The JPEG without its segments of one kind."""
    starts = list(jpeg_segments(body))
    ends = [at for _, at in starts[1:]]
    kept = [body[at:end] for (kind, at), end in zip(starts, ends, strict=False) if kind != marker]
    return body[:2] + b"".join(kept) + body[starts[-1][1] :]


@pytest.mark.parametrize("marker", [0xC0, 0xDB])
def test_a_jpeg_without_its_header_or_quantisation_is_refused(marker: int) -> None:
    with pytest.raises(BadImage):
        frame.decode(without(BODY, marker))


def test_a_motion_jpeg_frame_that_leaves_out_the_standard_huffman_tables_is_read() -> None:
    bare = without(BODY, 0xC4)
    assert b"\xff\xc4" not in bare
    np.testing.assert_array_equal(frame.decode(bare).pixels, frame.decode(BODY).pixels)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_an_orientation_tag_turns_nothing(orientation: int) -> None:
    tagged = after_start(BODY, jpeg_segment(0xE1, b"Exif\0\0" + exif(orientation)))
    np.testing.assert_array_equal(frame.decode(tagged).pixels, frame.decode(BODY).pixels)


def test_a_thumbnail_in_the_header_is_not_taken_for_the_picture() -> None:
    with_thumbnail = after_start(BODY, jpeg_segment(0xE1, b"Exif\0\0" + exif(1) + jpeg(noise(160, 120))))
    assert headers.probe(with_thumbnail).width == 61
    np.testing.assert_array_equal(frame.decode(with_thumbnail).pixels, frame.decode(BODY).pixels)


@pytest.mark.parametrize("tail", [b"\0", b"\xff\xd9", jpeg(noise(8, 8)), bytes(1000)])
def test_what_follows_the_end_changes_nothing(tail: bytes) -> None:
    np.testing.assert_array_equal(frame.decode(BODY + tail).pixels, frame.decode(BODY).pixels)


def test_comments_profiles_and_fill_bytes_are_skipped() -> None:
    clutter = (
        jpeg_segment(0xFE, b"\xff\xc0 is but a word here"),
        jpeg_segment(0xE2, b"ICC_PROFILE\0\x01\x01" + bytes(300)),
    )
    np.testing.assert_array_equal(
        frame.decode(after_start(BODY, *clutter, b"\xff\xff\xff")).pixels, frame.decode(BODY).pixels
    )


def test_a_cmyk_jpeg_is_read_in_its_colours_or_refused() -> None:
    cmyk = np.full((32, 48, 4), (255, 40, 40, 255), np.uint8)  # stored inverted, as Adobe does: red
    body = simplejpeg.encode_jpeg(cmyk, quality=95, colorspace="CMYK")
    try:
        decoded = frame.decode(body).pixels
    except BadImage:
        return
    np.testing.assert_allclose(decoded, np.broadcast_to((255, 40, 40), decoded.shape), atol=4)


@pytest.mark.parametrize("horizontal", [1, 2, 3, 4])
@pytest.mark.parametrize("vertical", [1, 2, 3, 4])
def test_no_sampling_factor_is_more_than_a_bad_image(horizontal: int, vertical: int) -> None:
    at = dict(jpeg_segments(BODY))[0xC0]
    odd = bytearray(BODY)
    odd[at + 11] = horizontal << 4 | vertical
    try:
        headers.probe(bytes(odd))
        frame.decode(bytes(odd))
    except BadImage:
        assert (horizontal, vertical) != (2, 2)


@pytest.mark.parametrize("components", [0, 1, 2, 4, 5])
def test_a_jpeg_whose_header_and_scan_disagree_about_the_channels_is_refused(components: int) -> None:
    at = dict(jpeg_segments(BODY))[0xC0]
    table = b"".join(bytes((index + 1, 0x11, 0)) for index in range(components))
    header = jpeg_segment(0xC0, BODY[at + 4 : at + 9] + bytes((components,)) + table)
    with pytest.raises(BadImage):
        frame.decode(BODY[:at] + header + BODY[at + 19 :])


@pytest.mark.parametrize(("width", "height"), [(6000, 6001), (65_000, 65_000)])
def test_a_jpeg_that_claims_to_be_huge_is_refused_before_any_decode(
    width: int, height: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simplejpeg, "decode_jpeg", lambda *_, **__: pytest.fail("decoded"))
    with pytest.raises(TooLarge, match=f"{width} x {height}"):
        frame.admit(jpeg_resized(BODY, width, height), max_pixels=36_000_000)


@pytest.mark.parametrize(("width", "height"), [(62, 45), (61, 64), (640, 480)])
def test_a_jpeg_that_claims_more_than_it_holds_is_refused(width: int, height: int) -> None:
    larger = jpeg_resized(BODY, width, height)
    if (-(-width // 16), -(-height // 16)) != (4, 3):
        with pytest.raises(BadImage):
            frame.decode(larger)
    else:  # within the blocks that are there, the picture is what its header says
        assert frame.decode(larger).pixels.shape == (height, width, 3)


def test_as_many_scans_as_cameras_write_are_read() -> None:
    body = STORED["progressive"]
    assert 5 < body.count(b"\xff\xda") <= frame.MAX_JPEG_SCANS


def test_a_refinement_sent_again_and_again_is_refused() -> None:
    body = STORED["progressive"]
    last = body[body.rindex(b"\xff\xda") : -2]
    room = frame.MAX_JPEG_SCANS - body.count(b"\xff\xda")
    for more in (room, room + 1):
        with pytest.raises(BadImage):
            frame.decode(body[:-2] + last * more + b"\xff\xd9")
