"""Starts and marks become figures, misses and a table."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from bench.rounds import closed
from roadsight_bench.endurance import figures, mixture, table
from roadsight_bench.endurance.endure import Mark, Start
from roadsight_bench.endurance.memory import Memory
from roadsight_bench.results import Figures
from roadsight_models.frame import admit

STARTS = [Start(ready_s, Memory(200.0, 150.0)) for ready_s in (1.0, 9.0, 1.2)]


def marks(pss_mb: Callable[[int], float] = lambda _: 250.0, **last: float) -> list[Mark]:
    """Ten loads of 1,000 answers each; `last` changes the last of them."""
    found = [Mark(0, Memory(pss_mb(0), 100.0), None)]
    steps = [closed(100.0)] * 9 + [closed(100.0, **last)]
    return found + [Mark(1000 * n, Memory(pss_mb(n), 100.0), step) for n, step in enumerate(steps, start=1)]


def summary(pss_mb: Callable[[int], float] = lambda _: 250.0, **last: float) -> dict[str, Figures]:
    return figures.summary(STARTS, marks(pss_mb, **last))


def test_what_lasts_misses_nothing() -> None:
    found = summary()
    assert list(figures.misses(found)) == []
    assert found["start"]["ready_s"] == 1.2
    assert (found["endurance"]["answers"], found["endurance"]["failed"]) == (10_000, 0)


def test_growth_is_the_slope_after_the_first_fifth_over_all_answers() -> None:
    found = summary(lambda n: 200.0 + 3 * n)
    assert found["endurance"]["growth_mb"] == pytest.approx(30)
    assert list(figures.misses(found)) == ["memory grows by 30.0 MB over 10000 answers > 5.0"]


def test_memory_that_is_taken_once_at_the_start_is_no_growth() -> None:
    found = summary(lambda n: 200.0 if n < 2 else 260.0)
    assert found["endurance"]["growth_mb"] == pytest.approx(0)
    assert list(figures.misses(found)) == []


def test_the_most_memory_that_was_seen_counts() -> None:
    found = summary(lambda n: 350.0 if n == 0 else 250.0)
    assert list(figures.misses(found)) == ["memory 350 MB > 300"]


def test_a_slow_start_slow_answers_and_failures_are_misses() -> None:
    slow = figures.summary([Start(2.0, Memory(1.0, 1.0))], marks(p99_ms=24.0, failed=3))
    assert list(figures.misses(slow)) == [
        "ready after 2.00 s > 1.5",
        "p99 at the end 2.00 of that of the second load > 1.2",
        "3 failed",
    ]


def test_the_table_has_a_line_for_every_mark_and_the_last_line_sums_up() -> None:
    found = summary(lambda n: 200.0 + 3 * n)
    lines = list(table.lines(found))
    assert [line.split()[0] for line in lines[1:]] == [str(1000 * n) for n in range(11)]
    assert table.last_line(found, 0) == (
        "ready in 1.20 s with 200 MB; at most 230 MB, +30.0 MB over 10000 answers, p99 at the end 1.00 of that of the "
        "second load; no targets missed"
    )


def test_the_mixture_has_every_kind_of_frame_and_no_two_of_the_largest_in_a_row() -> None:
    requests = mixture.draw()
    sizes = [(header.width, header.height) for header in (admit(request.body) for request in requests)]
    assert len(requests) == sum(part.frames for part in mixture.PARTS) == len({request.body for request in requests})
    assert {(part.width, part.height) for part in mixture.PARTS} == set(sizes)
    assert {len(request.regions) for request in requests} == {0, 1, 8}
    largest = [index for index, size in enumerate(sizes) if size == max(sizes)]
    assert min(b - a for a, b in pairwise(largest)) > 1
