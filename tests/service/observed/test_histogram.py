"""A histogram that sorts its values later shows what the library's own does."""

from collections import deque
from itertools import repeat
from threading import Thread

import prometheus_client
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest

from roadsight_service.observed.histogram import MOST_KEPT, Histogram

BUCKETS = (0.001, 0.01, 0.5)
VALUES = st.lists(st.sampled_from(BUCKETS) | st.floats(-1, 1e6), max_size=50)


def shown(kind: type[prometheus_client.Histogram], values: list[float]) -> str:
    registry = CollectorRegistry()
    series = kind("x_seconds", "Of tests.", ["stage"], buckets=BUCKETS, registry=registry).labels("decode")
    for value in values:
        series.observe(value)
    return "".join(line for line in generate_latest(registry).decode().splitlines() if "_created" not in line)


@given(VALUES.map(lambda values: [round(value * 1024) / 1024 for value in values]))  # of which sums are exact
def test_it_shows_the_same(values: list[float]) -> None:
    assert shown(Histogram, values) == shown(prometheus_client.Histogram, values)


def test_it_loses_nothing_and_keeps_little_without_a_scrape() -> None:
    registry = CollectorRegistry()
    series = Histogram("x", "Of tests.", buckets=BUCKETS, registry=registry)
    threads = [Thread(target=lambda: deque(map(series.observe, repeat(1.0, 10 * MOST_KEPT)), 0)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(series._kept) < MOST_KEPT + len(threads)
    assert registry.get_sample_value("x_count") == 40 * MOST_KEPT
