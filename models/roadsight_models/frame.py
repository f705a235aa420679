"""A camera frame: bytes -> pixels.

    bytes --probe--> Header (kind, width, height) --decode--> Frame (uint8 RGB)
          BadImage   TooLarge                     BadImage

Every limit is checked on the header, before a pixel is decoded. An orientation tag is ignored:
a region is in the pixels that the camera stored.
"""

import re
import struct
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import simplejpeg

from roadsight_models.errors import BadImage, TooLarge

MAX_PIXELS = 40_000_000
MAX_JPEG_SCANS = 64  # a progressive JPEG of a few KB can hide thousands of full-size passes
MAX_PNG_CHUNKS = 65_536  # a picture of 40 MB has 5,000; empty ones could keep a lane busy for a second

_PPM_GAP = rb"(?:\s|#[^\n]*\n)"
_PPM = re.compile(rb"P6\s%b*(\d{1,9})%b+(\d{1,9})%b+(\d{1,5})\s" % (_PPM_GAP, _PPM_GAP, _PPM_GAP))

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Header:
    """What the first bytes of a picture claim."""

    kind: str  # "jpeg", "png", "webp" or "ppm"
    width: int
    height: int


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


def probe(body: bytes) -> Header:
    """Reads kind and size off the header; decodes nothing.

    Raises:
        BadImage: empty, of no known kind, or the header breaks off.
    """
    if not body:
        raise BadImage("the body is empty")
    try:
        for kind, (magic, size) in _KINDS.items():
            if body.startswith(magic):
                width, height = size(body)
                if width < 1 or height < 1:
                    raise BadImage(f"the {kind} header claims {width} x {height} pixels")
                return Header(kind, width, height)
    except (struct.error, ValueError, IndexError, KeyError) as error:  # KeyError: a subsampling simplejpeg can not name
        raise BadImage(f"the {kind} header breaks off or is damaged") from error
    raise BadImage("not a JPEG, PNG, WebP or PPM picture")


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
    if len(body) < _ENDS[header.kind](body, header):
        raise BadImage(f"the {header.kind} breaks off")
    try:
        pixels = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error as error:
        raise BadImage(f"damaged {header.kind}") from error
    if pixels is None:
        raise BadImage(f"damaged {header.kind}")
    return pixels.astype(np.uint8, copy=False)


def _jpeg_size(body: bytes) -> tuple[int, int]:
    height, width, _, _ = simplejpeg.decode_jpeg_header(body)
    return width, height


def _png_size(body: bytes) -> tuple[int, int]:
    if body[12:16] != b"IHDR":
        raise ValueError("a PNG starts with IHDR")
    width, height = struct.unpack(">II", body[16:24])
    return width, height


def _png_end(body: bytes, _: Header) -> int:
    """Walks the chunks (length, type, data, CRC) up to IEND; the length that the file must have."""
    at, kind, chunks = 8, b"", 0
    while kind != b"IEND":
        if at + 12 > len(body):
            return at + 12
        if (chunks := chunks + 1) > MAX_PNG_CHUNKS:
            raise BadImage(f"a PNG of more than {MAX_PNG_CHUNKS} chunks")
        length, kind = struct.unpack(">I4s", body[at : at + 8])
        at += 12 + length
    return at


def _webp_size(body: bytes) -> tuple[int, int]:
    """RFC 9649: the first chunk says how the picture is stored, each with the size elsewhere."""
    if len(body) >= 12 and body[8:12] != b"WEBP":
        raise BadImage("a RIFF file, but not a WebP picture")
    chunk = body[12:16]
    if chunk == b"VP8X":
        width, more, height, most = struct.unpack("<HBHB", body[24:30])
        return 1 + width + (more << 16), 1 + height + (most << 16)
    if chunk == b"VP8L" and body[20] == 0x2F:
        (bits,) = struct.unpack("<I", body[21:25])
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if chunk == b"VP8 " and body[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", body[26:30])
        return width & 0x3FFF, height & 0x3FFF
    raise ValueError("no picture in the WebP")


def _webp_end(body: bytes, _: Header) -> int:
    return 8 + int(struct.unpack("<I", body[4:8])[0])


def _ppm_fields(body: bytes) -> tuple[int, int, int, int]:
    """Width, height, largest value and where the samples start; comments may stand between the fields."""
    found = _PPM.match(body[:4096])
    if found is None:
        raise ValueError("no PPM header")
    width, height, largest = (int(number) for number in found.groups())
    if largest not in {255, 65535}:  # OpenCV would not stretch any other range: the picture would be too dark
        raise BadImage(f"a PPM whose largest value is {largest}; 255 and 65535 are read")
    return width, height, largest, found.end()


def _ppm_size(body: bytes) -> tuple[int, int]:
    width, height, _, _ = _ppm_fields(body)
    return width, height


def _ppm_end(body: bytes, header: Header) -> int:
    _, _, largest, start = _ppm_fields(body)
    return start + header.width * header.height * 3 * (1 if largest < 256 else 2)


_KINDS = {
    "jpeg": (b"\xff\xd8\xff", _jpeg_size),
    "png": (b"\x89PNG\r\n\x1a\n", _png_size),
    "webp": (b"RIFF", _webp_size),
    "ppm": (b"P6", _ppm_size),
}
_ENDS = {"png": _png_end, "webp": _webp_end, "ppm": _ppm_end}
