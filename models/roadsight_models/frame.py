"""A camera frame: bytes -> pixels.

    bytes --admit--> Header --decode--> Frame (uint8 RGB)
          BadImage, TooLarge  BadImage

Every limit is checked on the header, before a pixel is decoded. An orientation tag is ignored:
a region is in the pixels that the camera stored.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import simplejpeg

from roadsight_models.errors import BadImage, TooLarge
from roadsight_models.headers import Header, file_length, probe
from roadsight_models.raw_frame import pixels_of
from roadsight_models.raw_layout import Layout

KINDS = ("jpeg", "png", "webp", "ppm")
MAX_PIXELS = 40_000_000
MAX_JPEG_SCANS = 64  # a progressive JPEG of a few KB can hide thousands of full-size passes

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Frame:
    """A decoded picture."""

    pixels: Pixels  # uint8 [ceil(height / reduction), ceil(width / reduction), 3] RGB
    width: int  # of the picture, in pixels: what coordinates refer to
    height: int
    reduction: int = 1  # each decoded pixel stands for so many, across and down


def admit(
    body: bytes, max_pixels: int = MAX_PIXELS, kinds: tuple[str, ...] = KINDS, layout: Layout | None = None
) -> Header:
    """Reads a header, and checks it against the limits.

    Args:
        body: the file's bytes.
        max_pixels: the most pixels (width times height) that are accepted.
        kinds: the kinds of files that are accepted.
        layout: of a raw frame; None where the body is a file.

    Raises:
        BadImage: not a picture of an accepted kind.
        TooLarge: the header claims more than `max_pixels`.
    """
    header = probe(body) if layout is None else Header("raw", layout.width, layout.height, layout)
    if layout is None and header.kind not in kinds:
        raise BadImage(f"a {header.kind} picture; accepted are: {', '.join(kinds)}")
    if header.width * header.height > max_pixels:
        raise TooLarge(f"{header.width} x {header.height} pixels; at most {max_pixels} are accepted")
    return header


def decode(body: bytes, header: Header | None = None, reduction: int = 1) -> Frame:
    """Decodes a JPEG, PNG, WebP (first image) or binary PPM, or takes a raw frame as it is.

    Args:
        body: the file's bytes, or the camera's buffer.
        header: as `admit` gave it; where it is None, `admit` is called with its defaults.
        reduction: 1, 2, 4 or 8. A JPEG is decoded at that fraction of its size, straight from its DCT coefficients, in
            less time; other kinds are decoded whole.

    Raises:
        BadImage: not a picture, damaged, or it breaks off.
        TooLarge: the header claims too many pixels; nothing was decoded.
    """
    header = header or admit(body)
    if header.layout is not None:
        return Frame(pixels_of(body, header.layout), header.width, header.height)
    is_jpeg = header.kind == "jpeg"
    reduction = reduction if is_jpeg else 1
    height, width = (math.ceil(side / reduction) for side in (header.height, header.width))
    pixels = _decode_jpeg(body, height, width) if is_jpeg else _decode_other(body, header)
    if pixels.shape != (height, width, 3):
        raise BadImage(f"the {header.kind} header and its picture disagree about the size")
    return Frame(pixels, header.width, header.height, reduction)


def _decode_jpeg(body: bytes, height: int, width: int) -> Pixels:
    if _scans(body) > MAX_JPEG_SCANS:
        raise BadImage(f"a JPEG of more than {MAX_JPEG_SCANS} scans")
    try:
        pixels: Pixels = simplejpeg.decode_jpeg(body, "RGB", min_height=height, min_width=width, strict=True)
    except ValueError as error:
        raise BadImage(f"damaged JPEG: {error}") from error
    return pixels


def _scans(body: bytes) -> int:
    """How many scans a JPEG may begin. `bytes.count` takes five times as long, and no other thread could work."""
    data = np.frombuffer(body, np.uint8)
    markers = np.flatnonzero(data[:-1] == 0xFF)
    return int(np.count_nonzero(data[markers + 1] == 0xDA))


def _decode_other(body: bytes, header: Header) -> Pixels:
    if len(body) < file_length(body, header):
        raise BadImage(f"the {header.kind} breaks off")
    try:
        pixels = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error as error:
        raise BadImage(f"damaged {header.kind}") from error
    if pixels is None:
        raise BadImage(f"damaged {header.kind}")
    return pixels.astype(np.uint8, copy=False)
