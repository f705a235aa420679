"""Pictures that tests draw, as files."""

import struct
import zlib
from collections.abc import Iterator
from itertools import pairwise

import cv2
import numpy as np

from roadsight_models.frame import Frame, Pixels

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def striped(*colours: tuple[int, int, int], width: int = 40, height: int = 40) -> Pixels:
    """Upright stripes, each `width` x `height` pixels; uint8 [H, W, 3] RGB."""
    return np.concatenate([np.full((height, width, 3), colour, np.uint8) for colour in colours], axis=1)


def whole_frame(pixels: Pixels) -> Frame:
    """The picture as a frame that was decoded at its full size."""
    return Frame(pixels, pixels.shape[1], pixels.shape[0])


def encoded(pixels: Pixels, kind: str = ".png", quality: int = 95) -> bytes:
    """The picture as a .png, .jpg or .webp file."""
    parameters = [cv2.IMWRITE_JPEG_QUALITY, quality] if kind == ".jpg" else []
    done, data = cv2.imencode(kind, cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), parameters)
    assert done
    return data.tobytes()


def noise(width: int, height: int, seed: int = 0) -> Pixels:
    """Random pixels, the hardest to get right by chance."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def gradient(width: int, height: int) -> Pixels:
    """Red grows to the right, green downwards: every transposition or flip is seen, and lossy kinds keep it."""
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return np.dstack((x, y, np.full_like(x, 128))).round().astype(np.uint8)


def jpeg(pixels: Pixels, *parameters: int) -> bytes:
    """A JPEG with OpenCV's `parameters` (flag, value, ...)."""
    done, data = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95, *parameters])
    assert done
    return data.tobytes()


def jpeg_segment(marker: int, payload: bytes) -> bytes:
    """One JPEG segment: FF, marker, length, payload."""
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def jpeg_segments(body: bytes) -> Iterator[tuple[int, int]]:
    """Marker and offset of every segment of a JPEG up to the first scan, that included."""
    at, marker = 2, 0
    while marker != 0xDA:
        _, marker, length = struct.unpack(">BBH", body[at : at + 4])
        yield marker, at
        at += 2 + length


def jpeg_resized(body: bytes, width: int, height: int) -> bytes:
    """The JPEG with another size in its header, its data as they were."""
    at = next(at for marker, at in jpeg_segments(body) if marker in {0xC0, 0xC2})
    return body[: at + 5] + struct.pack(">HH", height, width) + body[at + 9 :]


def exif(orientation: int) -> bytes:
    """A TIFF block that holds nothing but the orientation tag."""
    return b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def webp(pixels: Pixels, quality: int = 95) -> bytes:
    """A WebP; quality 101 is lossless. Pixels may have an alpha channel."""
    order = [2, 1, 0, 3][: pixels.shape[2]]
    done, data = cv2.imencode(".webp", pixels[..., order], [cv2.IMWRITE_WEBP_QUALITY, quality])
    assert done
    return data.tobytes()


def riff(*chunks: tuple[bytes, bytes], form: bytes = b"WEBP") -> bytes:
    """A RIFF file of these chunks."""
    content = form
    for kind, data in chunks:
        content += kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
    return b"RIFF" + struct.pack("<I", len(content)) + content


def riff_chunks(body: bytes) -> list[tuple[bytes, bytes]]:
    """The chunks of a RIFF file."""
    chunks, at = [], 12
    while at < len(body):
        kind, length = struct.unpack("<4sI", body[at : at + 8])
        chunks.append((kind, body[at + 8 : at + 8 + length]))
        at += 8 + length + length % 2
    return chunks


def webp_canvas(width: int, height: int, flags: int = 0) -> tuple[bytes, bytes]:
    """The VP8X chunk: flags (2 animation, 8 EXIF, 16 alpha) and the size of the canvas."""
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"VP8X", struct.pack("<I", flags) + size


GRAY, RGB, PALETTE, GRAY_ALPHA, RGBA = 0, 2, 3, 4, 6  # colour types of a PNG


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """Length, kind, data, CRC."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(
    samples: "np.ndarray[tuple[int, ...], np.dtype[np.uint8 | np.uint16]]",
    colour: int = RGB,
    depth: int = 8,
    interlaced: bool = False,
    before: bytes = b"",
    parts: int = 1,
) -> bytes:
    """A PNG written by hand.

    Args:
        samples: [H, W] or [H, W, channels], values below 2 ** depth.
        colour: colour type.
        depth: bits a sample.
        interlaced: Adam7.
        before: whole chunks to stand before the data (palette, text).
        parts: IDAT chunks that share the data.
    """
    deep = samples if samples.ndim == 3 else samples[..., None]
    passes = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))
    lines = b"".join(_lines(deep[y::down, x::right], depth) for y, x, down, right in passes if interlaced)
    data = zlib.compress(lines or _lines(deep, depth))
    cuts = [len(data) * part // parts for part in range(parts + 1)]
    height, width = samples.shape[:2]
    chunks = [
        png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))),
        before,
        *(png_chunk(b"IDAT", data[a:b]) for a, b in pairwise(cuts)),
        png_chunk(b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _lines(samples: "np.ndarray[tuple[int, ...], np.dtype[np.uint8 | np.uint16]]", depth: int) -> bytes:
    """Rows, each behind its filter (0, none), samples packed big-endian; nothing if there are no columns."""
    if not samples.size:
        return b""
    bits = np.unpackbits(samples.astype(">u2").reshape(len(samples), -1, 1).view(np.uint8), axis=2)[..., 16 - depth :]
    packed = np.packbits(bits.reshape(len(samples), -1), axis=1)
    return np.pad(packed, ((0, 0), (1, 0))).tobytes()


def png_chunks(body: bytes) -> list[int]:
    """Where each chunk of a PNG starts, and where the last one ends."""
    starts = [8]
    while starts[-1] < len(body):
        starts.append(starts[-1] + 12 + int(struct.unpack(">I", body[starts[-1] : starts[-1] + 4])[0]))
    return starts


def png_header(width: int, height: int) -> bytes:
    """A PNG header that claims a size, with hardly any data behind it."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, RGB, 0, 0, 0))
    data = png_chunk(b"IDAT", zlib.compress(b""))
    return b"\x89PNG\r\n\x1a\n" + header + data + png_chunk(b"IEND", b"")


def ppm(samples: "np.ndarray[tuple[int, ...], np.dtype[np.uint8 | np.uint16]]", header: bytes = b"") -> bytes:
    """A binary PPM of [H, W, 3], 16 bits if the samples have them; `header` replaces the usual one."""
    largest = np.iinfo(samples.dtype).max
    height, width = samples.shape[:2]
    return (header or b"P6\n%d %d\n%d\n" % (width, height, largest)) + samples.astype(
        samples.dtype.newbyteorder(">")
    ).tobytes()
