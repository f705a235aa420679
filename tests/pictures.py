"""Pictures that tests draw, as files."""

import struct
import zlib

import cv2
import numpy as np

from roadsight_models.frame import Pixels

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def striped(*colours: tuple[int, int, int], width: int = 40, height: int = 40) -> Pixels:
    """Upright stripes, each `width` x `height` pixels; uint8 [H, W, 3] RGB."""
    return np.concatenate([np.full((height, width, 3), colour, np.uint8) for colour in colours], axis=1)


def encoded(pixels: Pixels, kind: str = ".png", quality: int = 95) -> bytes:
    """The picture as a .png, .jpg or .webp file."""
    parameters = [cv2.IMWRITE_JPEG_QUALITY, quality] if kind == ".jpg" else []
    done, data = cv2.imencode(kind, cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), parameters)
    assert done
    return data.tobytes()


def png_header(width: int, height: int) -> bytes:
    """A PNG header that claims a size, with hardly any data behind it."""
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"")),
        (b"IEND", b""),
    ]
    body = b"\x89PNG\r\n\x1a\n"
    for kind, data in chunks:
        body += struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return body
