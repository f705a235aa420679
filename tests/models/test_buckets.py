"""Which batch sizes there are, and how a batch is divided among them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadsight_models.buckets import sizes, split


@pytest.mark.parametrize(
    ("largest", "expected"),
    [(1, (1,)), (2, (1, 2)), (3, (1, 2, 3)), (24, (1, 2, 4, 8, 16, 24)), (32, (1, 2, 4, 8, 16, 32))],
)
def test_sizes_are_powers_of_two_up_to_the_largest(largest: int, expected: tuple[int, ...]) -> None:
    assert sizes(largest) == expected


@given(count=st.integers(0, 300), largest=st.integers(1, 70))
def test_every_crop_is_in_one_piece_that_fits_its_bucket(count: int, largest: int) -> None:
    buckets = sizes(largest)
    pieces = list(split(count, buckets))
    assert [crop for piece in pieces for crop in range(piece.start, piece.stop)] == list(range(count))
    assert all(0 < piece.stop - piece.start <= piece.bucket for piece in pieces)
    assert {piece.bucket for piece in pieces} <= set(buckets)


@given(count=st.integers(1, 300), largest=st.integers(1, 70))
def test_less_than_half_of_a_bucket_is_padding(count: int, largest: int) -> None:
    assert all(2 * (piece.stop - piece.start) > piece.bucket for piece in split(count, sizes(largest)))


def test_only_what_is_over_the_largest_is_divided() -> None:
    assert list(split(5, (1, 2, 4, 8))) == [(0, 5, 8)]
    assert list(split(8, (1, 2, 4, 8))) == [(0, 8, 8)]
    assert list(split(19, (1, 2, 4, 8))) == [(0, 8, 8), (8, 16, 8), (16, 19, 4)]
