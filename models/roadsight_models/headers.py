"""What a picture file claims before anything of it is decoded.

    bytes --probe--> Header (kind, width, height) --file_length--> how long the file must be
          BadImage                                BadImage

Formats: PNG (W3C, third edition), WebP (RFC 9649), PPM (Netpbm); JPEG headers are read by libjpeg-turbo.
"""

import re
import struct
from dataclasses import dataclass

import simplejpeg

from roadsight_models.errors import BadImage
from roadsight_models.raw_layout import Layout

MAX_PNG_CHUNKS = 65_536  # a picture of 40 MB has 5,000; empty ones could keep a lane busy for a second

_PPM_GAP = rb"(?:\s|#[^\n]*\n)"
_PPM = re.compile(rb"P6\s%b*(\d{1,9})%b+(\d{1,9})%b+(\d{1,5})\s" % (_PPM_GAP, _PPM_GAP, _PPM_GAP))


@dataclass(frozen=True)
class Header:
    """What the first bytes of a picture claim, or of a raw frame its content type."""

    kind: str  # "jpeg", "png", "webp", "ppm" or "raw"
    width: int
    height: int
    layout: Layout | None = None  # of a raw frame


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


def file_length(body: bytes, header: Header) -> int:
    """How many bytes the file must have at least, by its own structure; for a JPEG its decoder finds out.

    Raises:
        BadImage: a PNG of absurdly many chunks.
    """
    return _ENDS[header.kind](body, header)


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
_ENDS = {"jpeg": lambda body, _: len(body), "png": _png_end, "webp": _webp_end, "ppm": _ppm_end}
