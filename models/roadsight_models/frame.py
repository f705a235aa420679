"""A camera frame: bytes -> pixels.

    bytes --headers.probe--> Header --decode--> Frame (uint8 RGB)
          BadImage           TooLarge           BadImage

Every limit is checked on the header, before a pixel is decoded. An orientation tag is ignored:
a region is in the pixels that the camera stored.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import simplejpeg

from roadsight_models.errors import BadImage, TooLarge
from roadsight_models.headers import Header, file_length, probe

MAX_PIXELS = 40_000_000
MAX_JPEG_SCANS = 64  # a progressive JPEG of a few KB can hide thousands of full-size passes

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Frame:
    """A decoded picture: `pixels` uint8 [H, W, 3] RGB."""

    pixels: Pixels

    @property
    def width(self) -> int:
        """Columns, in pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Rows, in pixels."""
        return int(self.pixels.shape[0])


def decode(body: bytes, max_pixels: int = MAX_PIXELS, kinds: tuple[str, ...] = ("jpeg", "png", "webp", "ppm")) -> Frame:
    """Decodes a JPEG, PNG, WebP (first image) or binary PPM.

    Args:
        body: the file's bytes.
        max_pixels: the most pixels (width times height) that are accepted.
        kinds: the kinds that are accepted.

    Raises:
        BadImage: not a picture, damaged, or it breaks off.
        TooLarge: the header claims more than `max_pixels`; nothing was decoded.
    """
    header = probe(body)
    if header.kind not in kinds:
        raise BadImage(f"a {header.kind} picture; accepted are: {', '.join(kinds)}")
    if header.width * header.height > max_pixels:
        raise TooLarge(f"{header.width} x {header.height} pixels; at most {max_pixels} are accepted")
    pixels = _decode_jpeg(body) if header.kind == "jpeg" else _decode_other(body, header)
    if pixels.shape != (header.height, header.width, 3):
        raise BadImage(f"the {header.kind} header and its picture disagree about the size")
    return Frame(pixels)


def _decode_jpeg(body: bytes) -> Pixels:
    if body.count(b"\xff\xda") > MAX_JPEG_SCANS:
        raise BadImage(f"a JPEG of more than {MAX_JPEG_SCANS} scans")
    try:
        pixels: Pixels = simplejpeg.decode_jpeg(body, colorspace="RGB", strict=True)
    except ValueError as error:
        raise BadImage(f"damaged JPEG: {error}") from error
    return pixels


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
