"""Tensors at the edges of their formats: what is read is what was meant, or it is refused and told why."""

import base64
import gzip
import math
import struct
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadsight_models.errors import BadTensor, TooLarge
from roadsight_service.inference_protocol.inflating import inflated
from roadsight_service.inference_protocol.tensors import Tensor, classified, elements, floats, listed, packed, pixels


def nested(values: list[Any], shape: tuple[int, ...]) -> list[Any]:
    """As numpy's `tolist` has them."""
    if len(shape) == 1:
        return values
    size = len(values) // shape[0]
    return [nested(values[first : first + size], shape[1:]) for first in range(0, len(values), size)]


@given(st.lists(st.integers(1, 3), min_size=1, max_size=4).map(tuple), st.randoms(use_true_random=False))
def test_pixels_are_the_same_flat_nested_and_raw(shape: tuple[int, ...], random: Any) -> None:
    raw = random.randbytes(math.prod(shape))
    assert pixels(raw, shape) == pixels(list(raw), shape) == pixels(nested(list(raw), shape), shape) == raw


@given(st.lists(st.binary(max_size=9), min_size=1, max_size=5))
def test_elements_are_the_same_packed_listed_and_in_base64(each: list[bytes]) -> None:
    said = [base64.b64encode(element).decode() for element in each]
    for shape, data in (((len(each),), said), ((len(each), 1), [[text] for text in said])):
        assert elements(packed(each), shape) == elements(each, shape) == elements(data, shape) == each


@given(st.lists(st.binary(max_size=9), min_size=1, max_size=5), st.integers(1, 30))
def test_elements_that_break_off_anywhere_are_refused(each: list[bytes], missing: int) -> None:
    whole = packed(each)
    with pytest.raises(BadTensor, match=r"breaks off|elements, the data"):
        elements(whole[: -min(missing, len(whole))], (len(each),))


class Counted(list[Any]):
    """A list that knows how many of its elements somebody took."""

    taken = 0

    def __iter__(self) -> Any:
        for each in super().__iter__():
            self.taken += 1
            yield each


def test_too_many_elements_are_refused_before_they_are_decoded() -> None:
    many = Counted(["no base64!"] * 1000)
    with pytest.raises(BadTensor, match="2 elements, the data more"):
        elements(many, (2,))
    assert many.taken == 0
    with pytest.raises(BadTensor, match="2 elements, the data more"):
        elements(bytes(4 * 3) + b"\xff", (2,))  # that it breaks off later is not looked at


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ([True, False, 1, 1], "whole numbers"),
        ([1.0, 1, 1, 1], "whole numbers"),
        ([1, 1, 1, 10**30], "from 0 to 255"),
        ([None] * 4, "whole numbers"),
        ("abcd", "whole numbers"),
        ([[1, 2, 3], [4]], "not nested"),
        ([[1, 2], [3, 4], []], "not nested"),
        ([[1, 2], "34"], "not nested"),
        ([[1, 2], {"3": 3, "4": 4}], "not nested"),
        ([1, 2, [3, 4]], "whole numbers"),
        ([[[1, 2], [3, 4]]], "whole numbers"),
        ([], "the data 0"),
    ],
)
def test_what_is_no_tensor_of_pixels_is_refused(data: Any, says: str) -> None:
    with pytest.raises(BadTensor, match=says):
        pixels(data, (2, 2))


def test_keys_of_an_object_are_no_elements() -> None:
    with pytest.raises(BadTensor, match="not nested"):
        elements([["AAAA"], {"AAAA": 5}], (2, 1))


def rows(*values: tuple[float, ...]) -> Tensor:
    return Tensor("logits", "FP32", (len(values), len(values[0])), floats([each for row in values for each in row]))


def test_classes_come_by_value_and_of_equal_ones_the_first_one_first() -> None:
    said = classified(rows((1, 3, 3), (-math.inf, 0, -1)), 2, ("a", "b:c", "ü"))
    assert (said.name, said.datatype, said.shape) == ("logits", "BYTES", (2, 2))
    assert listed(said) == ["3.000000:1:b:c", "3.000000:2:ü", "0.000000:1:b:c", "-1.000000:2:ü"]
    assert listed(classified(rows((0.5, 0.25)), 1, ())) == ["0.500000:0"]


@pytest.mark.parametrize("count", [0, 1, 3, 4])
def test_no_more_classes_than_there_are(count: int) -> None:
    if count <= 3:
        assert classified(rows((1, 2, 3)), count, ()).shape == (1, count)
        return
    with pytest.raises(BadTensor, match="'logits': a classification of 4 out of 3"):
        classified(rows((1, 2, 3)), count, ())


@given(st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=9))
def test_numbers_in_json_are_those_that_the_model_gave(values: list[float]) -> None:
    assert listed(Tensor("a", "FP32", (len(values),), floats(values))) == values
    assert floats(values) == struct.pack(f"<{len(values)}f", *values)


@pytest.mark.parametrize(("encoding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
@given(body=st.binary(min_size=1, max_size=2000), missing=st.integers(1, 2000))
def test_a_body_may_grow_to_the_limit_and_not_a_byte_beyond(
    encoding: str, compress: Any, body: bytes, missing: int
) -> None:
    small = compress(body)
    assert inflated(small, encoding, len(body)) == body
    if len(body) > 1:
        with pytest.raises(TooLarge, match=f"beyond {len(body) - 1} bytes"):
            inflated(small, encoding, len(body) - 1)
    with pytest.raises(BadTensor, match="breaks off"):
        inflated(small[: -min(missing, len(small))], encoding, len(body))
    with pytest.raises(BadTensor, match="something behind it"):
        inflated(small + b"\0", encoding, len(body))
