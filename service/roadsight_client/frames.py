"""What a caller may give as a frame, and how it travels.

bytes, path             --as they are----> bytes, image/jpeg|png|webp
Pillow image, array, ... --as they lie---> bytes, application/x-raw-frame; format=bgr; width=800; height=600
                         ValueError, TypeError

Pixels travel as they lie in memory: nothing is lost, and nobody encodes what the service then decodes.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from roadsight_client.raw import RawFrame

Box = Sequence[float]
_MAGIC = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"RIFF": "image/webp"}


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
class Tracked:
    """A box of an object that is followed from frame to frame: `track` is echoed; once in a frame."""

    box: Box
    track: str


Region = Box | Tracked


@dataclass(frozen=True)
class CameraFrame:
    """A picture, what its camera says of it, which the answer repeats, and where to look.

    Attributes:
        picture: see `body`.
        id: printable ASCII, up to 128 characters, no space at either end.
        camera: the same; cameras take turns at a busy service.
        captured_ns: when it was taken, in nanoseconds since the epoch.
        regions: boxes x1, y1, x2, y2 in pixels, right and bottom exclusive, or `Tracked`; the whole frame if None.

    Raises:
        ValueError: an id or a camera of other characters, see `printable`.
    """

    picture: Picture
    id: str | None = None
    camera: str | None = None
    captured_ns: int | None = None
    regions: Sequence[Region] | None = None

    def __post_init__(self) -> None:
        for name in (self.id, self.camera):
            if name is not None:
                check_id(name)


def printable(text: str) -> str:
    """An id of any name: what is not printable ASCII is escaped, and of a long one the end is kept."""
    escaped = "".join(mark if mark.isascii() and mark.isprintable() else ascii(mark)[1:-1] for mark in text)
    return escaped[-128:].strip(" ")  # HTTP trims a header's spaces


def check_id(name: str) -> None:
    """Says what a name must be to be echoed.

    Raises:
        ValueError: it is not that.
    """
    if not (name and name == printable(name)):
        raise ValueError(f"{name!r} is no id: 1 to 128 printable ASCII characters, no space at either end")


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
