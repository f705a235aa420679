"""A message is taken apart, or told what is wrong with it."""

import json
import struct
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from roadsight_models.errors import BadParameter
from roadsight_service.stream.message import MOST_HEADER_BYTES, read
from streams import message

JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=5)


@given(st.dictionaries(st.text(), JSON, max_size=4), st.binary(max_size=20))
@example({"task": ["a", 3, None]}, b"")
@example({"captured_at": 10**30}, b"")
def test_a_header_and_a_picture_come_apart_or_are_refused(header: dict[str, Any], picture: bytes) -> None:
    try:
        fields, body = read(message(picture, **header))
    except BadParameter:  # NaN, a lone surrogate: JSON has neither
        return
    assert body == picture
    assert {name for name, _ in fields} <= header.keys()


@given(st.binary(max_size=40))
@example(b"\xff\xff\xff\xff{}")
@example(struct.pack("<I", 2000) + b"[" * 2000)
def test_any_bytes_are_a_message_or_refused(data: bytes) -> None:
    try:
        fields, _ = read(data)
    except BadParameter as error:
        assert str(error).startswith("message: ")
    else:
        assert all(isinstance(text, str) for _, text in fields)


def test_values_are_the_texts_that_a_form_would_have() -> None:
    fields, _ = read(message(task=["a", "b"], regions=[[0, 0, 9.5, 9]], top=3, suspicion=True, version=None))
    assert fields == (("task", "a"), ("task", "b"), ("regions", "[[0,0,9.5,9]]"), ("top", "3"), ("suspicion", "true"))


@pytest.mark.parametrize("more", [0, 1])
def test_a_header_has_a_limit(more: int) -> None:
    header = json.dumps({"frame_id": ""}).encode()
    padded = header + b" " * (MOST_HEADER_BYTES - len(header) + more)
    data = struct.pack("<I", len(padded)) + padded
    if more:
        with pytest.raises(BadParameter, match=f"{MOST_HEADER_BYTES} at most"):
            read(data)
    else:
        assert read(data) == ((("frame_id", ""),), b"")
