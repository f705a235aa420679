"""A camera's buffer as it is: its content type says how the pixels lie, since no file does.

"application/x-raw-frame; format=bgra; width=800; height=600; stride=3200" --read--> Layout
                                                                      UnsupportedMediaType
"""

from typing import NamedTuple

from roadsight_models.errors import UnsupportedMediaType

MEDIA_TYPE = "application/x-raw-frame"
FORMATS = {"bgra": 4, "bgr": 3, "rgb": 3, "gray": 1, "nv12": 1}  # bytes a pixel in a row; of nv12, of its luma
_LARGEST = 1_000_000  # of a side in pixels; the limit on pixels comes later
_NAMES = ("format", "width", "height", "stride")


class Layout(NamedTuple):
    """How the pixels of a buffer lie."""

    format: str  # one of FORMATS
    width: int
    height: int
    stride: int  # bytes from one row to the next

    @property
    def rows(self) -> int:
        """Rows of the buffer: of nv12 half as many again, its chroma, a pair for each 2 x 2 pixels."""
        return self.height * 3 // 2 if self.format == "nv12" else self.height

    @property
    def size(self) -> int:
        """Bytes of the whole buffer."""
        return self.rows * self.stride


def read(content_type: str) -> Layout | None:
    """The layout that a content type tells; None where it is another than `MEDIA_TYPE`.

    Raises:
        UnsupportedMediaType: a parameter is missing, unknown, given twice, or no layout could have it.
    """
    kind, *parameters = content_type.split(";")
    if kind.strip().lower() != MEDIA_TYPE:
        return None
    said: dict[str, str] = {}
    for parameter in filter(str.strip, parameters):
        name, _, value = (part.strip() for part in parameter.partition("="))
        if name.lower() not in _NAMES or name.lower() in said:
            raise _unsupported(f"{name[:40]!r} is unknown, or there twice")
        said[name.lower()] = value.strip('"')
    return _layout(said)


def _layout(said: dict[str, str]) -> Layout:
    form = said.get("format", "").lower()
    if form not in FORMATS:
        raise _unsupported(f"format={form[:40]!r}; there are: {', '.join(FORMATS)}")
    width, height = _number(said, "width"), _number(said, "height")
    tight = width * FORMATS[form]
    stride = _number(said, "stride", 64 * _LARGEST) if "stride" in said else tight
    if stride < tight:
        raise _unsupported(f"a row of {width} pixels has {tight} bytes, more than the stride of {stride}")
    if form == "nv12" and (width % 2 or height % 2):
        raise _unsupported(f"nv12 of {width} x {height}; its sides are even")
    return Layout(form, width, height, stride)


def _number(said: dict[str, str], name: str, most: int = _LARGEST) -> int:
    text = said.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) <= 9 and 0 < int(text) <= most):
        raise _unsupported(f"{name}={text[:40]!r} is no whole number from 1 to {most}")
    return int(text)


def _unsupported(why: str) -> UnsupportedMediaType:
    return UnsupportedMediaType(f"{MEDIA_TYPE} needs format, width, height and may have a stride in bytes: {why}")
