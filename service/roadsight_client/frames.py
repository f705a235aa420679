"""What a caller may give as a frame, and how it travels.

bytes, path             --as they are----> bytes, image/jpeg|png|webp
Pillow image, array, ... --as they lie---> bytes, application/x-raw-frame; format=bgr; width=800; height=600
                         ValueError, TypeError

Pixels travel as they lie in memory: nothing is lost, and nobody encodes what the service then decodes.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, Self

Format = Literal["bgra", "bgr", "rgb", "gray", "nv12"]
_CHANNELS: dict[str, tuple[int, ...]] = {"bgra": (4,), "bgr": (3,), "rgb": (3,), "gray": ()}
_MAGIC = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"RIFF": "image/webp"}


@dataclass(frozen=True)
class RawFrame:
    """Pixels as a camera, a decoder or a simulator leaves them in memory.

    Attributes:
        data: rows from the top, each `stride` bytes; of nv12 the luma, then half as many rows of U and V in turn.
        format: how a pixel lies there.
        width: in pixels.
        height: in pixels.
        stride: bytes from one row to the next; as many as a row has if None.
    """

    data: bytes
    format: Format
    width: int
    height: int
    stride: int | None = None

    @classmethod
    def of(cls, array: "Array", format: Format) -> Self:
        """Takes an array of numpy, or one like it; copies it once.

        Args:
            array: uint8 [H, W, 3] for bgr and rgb, [H, W, 4] for bgra, [H, W] for gray.
            format: which of these; an array doesn't know.

        Raises:
            ValueError: the array is of another shape or type.
        """
        channels = _CHANNELS.get(format)
        if channels is None:
            raise ValueError(f"an array can't be {format}: make a RawFrame of its bytes")
        if str(array.dtype) != "uint8" or len(array.shape) < 2 or array.shape[2:] != channels:
            raise ValueError(f"{format} is uint8 (H, W) + {channels}; this is {array.dtype} {array.shape}")
        return cls(array.tobytes(), format, array.shape[1], array.shape[0])

    @property
    def media_type(self) -> str:
        """What the service must know to read it."""
        stride = "" if self.stride is None else f"; stride={self.stride}"
        return f"application/x-raw-frame; format={self.format}; width={self.width}; height={self.height}{stride}"


class Array(Protocol):
    """What is asked of an array of numpy, which this package does without."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows, columns, and channels if there are several."""

    @property
    def dtype(self) -> Any:
        """Of a pixel's channel."""

    def tobytes(self) -> bytes:
        """Its values, row by row."""


class PillowImage(Protocol):
    """What is asked of an image of Pillow, which this package does without."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""

    def convert(self, mode: str) -> Self:
        """The image in another mode."""

    def tobytes(self) -> bytes:
        """Its pixels, row by row."""


Picture = bytes | bytearray | memoryview | str | os.PathLike[str] | RawFrame | PillowImage


@dataclass(frozen=True)
class CameraFrame:
    """A picture and what its camera says of it, which the answer repeats.

    Attributes:
        picture: see `body`.
        id: printable ASCII, up to 128 characters.
        camera: cameras take turns at a busy service.
        captured_ns: when it was taken, in nanoseconds since the epoch.
    """

    picture: Picture
    id: str | None = None
    camera: str | None = None
    captured_ns: int | None = None


def printable(text: str) -> str:
    """An id of any name: what is not printable ASCII is escaped, and of a long one the end is kept."""
    return "".join(mark if mark.isascii() and mark.isprintable() else ascii(mark)[1:-1] for mark in text)[-128:]


def body(picture: Picture) -> tuple[bytes, str]:
    """The bytes that travel, and their media type.

    Args:
        picture: an encoded JPEG, PNG or WebP; the path of one; a `RawFrame`; or an image of Pillow (its pixels as they
            lie: neither alpha nor EXIF orientation is heeded).

    Raises:
        OSError: the file can't be read.
        TypeError: it is none of these.
    """
    match picture:
        case bytes() | bytearray() | memoryview():
            return _named(bytes(picture))
        case str() | os.PathLike():
            return _named(Path(picture).read_bytes())
        case RawFrame():
            return picture.data, picture.media_type
    if hasattr(picture, "convert") and hasattr(picture, "tobytes"):
        width, height = picture.size
        return body(RawFrame(picture.convert("RGB").tobytes(), "rgb", width, height))
    raise TypeError(f"a {type(picture).__name__} is no frame; an array is one as RawFrame.of(array, 'bgr')")


def _named(encoded: bytes) -> tuple[bytes, str]:
    """What is no picture is left to the service to refuse."""
    return encoded, next((kind for magic, kind in _MAGIC.items() if encoded.startswith(magic)), "image/jpeg")
