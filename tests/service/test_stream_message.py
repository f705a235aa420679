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


@pytest.mark.parametrize(
    ("header", "why"),
    [
        (b"", "its header is not JSON"),
        (b"null", "its header is no JSON object"),
        (b'[{"task": "a"}]', "its header is no JSON object"),
        (b'{"task": "a"} {}', "its header is not JSON"),
        (b'{"top": NaN}', "its header is not JSON"),
        (b'{"frame_id": "\xff"}', "its header is not JSON"),
        (b'{"regions": ' + b"[" * 300 + b"]" * 300 + b"}", "regions in its header: Recursion limit"),
        (b'{"x": ' + b"[" * 5000 + b"]" * 5000 + b"}", "its header is not JSON: depth limit"),
    ],
)
def test_a_header_that_says_nothing_is_refused_by_what_is_wrong_with_it(header: bytes, why: str) -> None:
    with pytest.raises(BadParameter, match=f"message: {why}") as caught:
        read(struct.pack("<I", len(header)) + header + b"picture")
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(("length", "size"), [(0, 3), (1, 4), (3, 6), (2**32 - 1, 40), (MOST_HEADER_BYTES + 1, 2**18)])
def test_a_length_that_the_message_does_not_have_is_refused(length: int, size: int) -> None:
    data = (struct.pack("<I", length) + bytes(size))[:size]
    with pytest.raises(BadParameter, match=f"{size} bytes"):
        read(data)
