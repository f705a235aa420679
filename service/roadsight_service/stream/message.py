"""What a client sends on a stream: each message is a frame, and what is said of it.

uint32 little-endian, the header's length | header: a JSON object | picture --read--> Message
                                                                             BadParameter

The header says by the same names what a form would say of its picture.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

import orjson

from roadsight_models.errors import BadParameter

_LENGTH = struct.Struct("<I")
MOST_HEADER_BYTES = 1 << 17  # 256 regions have 64 KiB at most
MOST_HEAD_BYTES = _LENGTH.size + MOST_HEADER_BYTES  # of a message, before its picture


class Message(NamedTuple):
    """One frame."""

    fields: tuple[tuple[str, str], ...]  # name and value, as a form has them
    body: bytes


def read(data: bytes) -> Message:
    """Takes a message apart.

    Raises:
        BadParameter: its header is longer than the message or than may be, or it is no JSON object, or too deep.
    """
    if len(data) < _LENGTH.size:
        raise BadParameter("message", f"{len(data)} bytes; expected a uint32, the length of a JSON header, in front")
    (length,) = _LENGTH.unpack_from(data)
    start = _LENGTH.size + length
    if start > min(len(data), MOST_HEAD_BYTES):
        had = f"a message of {len(data)} bytes; a header has {MOST_HEADER_BYTES} at most"
        raise BadParameter("message", f"a header of {length} bytes in {had}")
    try:
        header = orjson.loads(data[_LENGTH.size : start])
    except orjson.JSONDecodeError as error:
        raise BadParameter("message", f"its header is not JSON: {error}") from error
    if not isinstance(header, dict):
        raise BadParameter("message", "its header is no JSON object")
    return Message(tuple((name, text) for name, value in header.items() for text in _texts(name, value)), data[start:])


def _texts(name: str, value: object) -> Iterator[str]:
    """A value as forms have it: text, in which numbers and lists are JSON; a list of tasks is one field each."""
    if isinstance(value, str):
        yield value
    elif name == "task" and isinstance(value, list):
        yield from (str(task) for task in value)
    elif value is not None:
        try:
            yield orjson.dumps(value).decode()
        except orjson.JSONEncodeError as error:  # it reads deeper nesting than it writes
            raise BadParameter("message", f"{name[:40]} in its header: {error}") from error
