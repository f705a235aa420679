"""Tensors as the protocol has them, without numpy: bytes in row-major order, little-endian.

what a request holds (raw bytes, numbers, strings) --pixels, elements--> bytes of the right number
                                                   BadTensor
FP32 rows --numbers, classified--> what an answer holds

Of BYTES each element stands behind its length, four bytes.
"""

import base64
import binascii
import math
import struct
from array import array
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple

from roadsight_models.errors import BadTensor

_LENGTH = struct.Struct("<I")
_FLOAT = "f"  # of `array`: as float32 lies in memory, on every machine that ONNX Runtime knows
FLOAT_BYTES = 4


class Tensor(NamedTuple):
    """What is answered."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    data: bytes


def pixels(data: bytes | Sequence[Any], shape: tuple[int, ...]) -> bytes:
    """The bytes of a UINT8 tensor.

    Args:
        data: they themselves, or numbers, perhaps in nested lists.
        shape: how many of them there must be.

    Raises:
        BadTensor: another number of them; one that is not from 0 to 255, or no whole number; lists of unequal length.
    """
    if not isinstance(data, bytes):
        try:
            numbers = _flat(data, len(shape))
            if not {*map(type, numbers)} <= {int}:  # `bytes` would take a bool
                raise TypeError
            data = bytes(numbers)
        except (TypeError, ValueError) as error:
            raise BadTensor("UINT8 is whole numbers from 0 to 255") from error
    if len(data) != math.prod(shape):
        raise BadTensor(f"shape {list(shape)} has {math.prod(shape)} elements, the data {len(data)}")
    return data


def elements(data: bytes | Sequence[Any], shape: tuple[int, ...]) -> list[bytes]:
    """The elements of a BYTES tensor.

    Args:
        data: each behind its length; or a list of them, perhaps nested, where JSON has base64.
        shape: how many of them there must be.

    Raises:
        BadTensor: another number of them, a length that leads beyond the end, or no base64; lists of unequal length.
    """
    count = math.prod(shape)
    try:
        # Not one more than tells that there are too many: of empty elements a body may hold millions.
        found = list(islice(_unpacked(data), count + 1)) if isinstance(data, bytes) else _flat(data, len(shape))
        if len(found) != count:
            has = "more" if len(found) > count else len(found)
            raise BadTensor(f"shape {list(shape)} has {count} elements, the data {has}")
        return [*map(_decoded, found)]
    except struct.error as error:
        raise BadTensor("BYTES is, for each element, four bytes of length and the element: it breaks off") from error
    except (TypeError, ValueError, binascii.Error) as error:
        raise BadTensor("in JSON each element of a BYTES tensor is a string, base64 of a picture's file") from error


def packed(each: Sequence[bytes]) -> bytes:
    """The data of a BYTES tensor."""
    return b"".join(part for element in each for part in (_LENGTH.pack(len(element)), element))


def floats(values: Sequence[float]) -> bytes:
    """The data of an FP32 tensor."""
    return array(_FLOAT, values).tobytes()


def listed(tensor: Tensor) -> list[float] | list[str]:
    """The elements as JSON has them: numbers, or text."""
    if tensor.datatype == "BYTES":
        return [element.decode() for element in _unpacked(tensor.data)]
    numbers: array[float] = array(_FLOAT)
    numbers.frombytes(tensor.data)
    return numbers.tolist()


def classified(tensor: Tensor, count: int, labels: Sequence[str]) -> Tensor:
    """The highest of each row, as `value:index:label`; without label where the columns have none.

    Args:
        tensor: FP32 [N, K].
        count: how many of a row.
        labels: of the columns, or none.

    Raises:
        BadTensor: there are not so many.
    """
    rows, width = tensor.shape
    if count > width:
        raise BadTensor(f"output {tensor.name!r}: a classification of {count} out of {width}")
    values, said = listed(tensor), list[bytes]()
    for row in range(rows):
        here = values[row * width : (row + 1) * width]
        for index in sorted(range(width), key=here.__getitem__, reverse=True)[:count]:
            label = f":{labels[index]}" if labels else ""
            said.append(f"{here[index]:f}:{index}{label}".encode())
    return Tensor(tensor.name, "BYTES", (rows, count), packed(said))


def _flat(values: Sequence[Any], depth: int) -> Sequence[Any]:
    for _ in range(depth - 1):
        if not (len(values) and isinstance(values[0], list)):
            break
        if len({len(each) if isinstance(each, list) else None for each in values}) > 1:
            raise BadTensor("the data's lists are not nested as a tensor's: some are longer than others, or no lists")
        values = list(chain.from_iterable(values))
    return values


def _unpacked(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        (length,) = _LENGTH.unpack_from(data, at)
        at += _LENGTH.size + length
        if at > len(data):
            raise struct.error
        yield data[at - length : at]


def _decoded(element: Any) -> bytes:
    return element if isinstance(element, bytes) else base64.b64decode(element, validate=True)
