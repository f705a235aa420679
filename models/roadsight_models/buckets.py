"""The few batch sizes that a GPU ever sees, so that everything for them is paid once, when the session opens.

largest --sizes--> 1, 2, 4, ..., largest
crops --split--> Piece(s), each padded up to its bucket
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Piece(NamedTuple):
    """Crops that run together."""

    start: int
    stop: int
    bucket: int  # the batch size that they are padded up to


def sizes(largest: int) -> tuple[int, ...]:
    """The powers of two below `largest`, and `largest` itself: less than half of a batch is padding."""
    return (*(1 << power for power in range((largest - 1).bit_length())), largest)


def split(count: int, buckets: Sequence[int]) -> Iterator[Piece]:
    """Divides a batch: whole largest buckets, and the rest in the smallest that holds it.

    Args:
        count: crops; none is no piece.
        buckets: batch sizes, ascending.
    """
    for start in range(0, count, buckets[-1]):
        stop = min(start + buckets[-1], count)
        yield Piece(start, stop, next(bucket for bucket in buckets if bucket >= stop - start))
