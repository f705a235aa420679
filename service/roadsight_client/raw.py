"""Pixels without a file around them.

array, buffer --as they lie--> bytes, application/x-raw-frame; format=bgr; width=800; height=600
                ValueError
"""

from dataclasses import dataclass
from typing import Any, Literal, Protocol, Self

Format = Literal["bgra", "bgr", "rgb", "gray", "nv12"]
_CHANNELS: dict[str, tuple[int, ...]] = {"bgra": (4,), "bgr": (3,), "rgb": (3,), "gray": ()}


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
