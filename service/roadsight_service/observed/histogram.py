"""Histograms that cost a frame one append: values are sorted into buckets later, many in one go.

value --observe--> kept --settle--> buckets, sum --scrape--> Prometheus

The library's own takes two locks and a search through its buckets each time, and a frame observes a dozen values.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable
from itertools import pairwise
from threading import Lock

import prometheus_client
from prometheus_client.samples import Sample

MOST_KEPT = 1024


class Histogram(prometheus_client.Histogram):
    """One without exemplars; any thread may observe."""

    def observe(self, amount: float) -> None:  # type: ignore[override]  # an exemplar belongs to a value at its time
        """Takes a value."""
        self._kept.append(amount)
        if len(self._kept) >= MOST_KEPT:
            self._settle()

    def _metric_init(self) -> None:
        super()._metric_init()
        self._kept: deque[float] = deque()
        self._settling = Lock()

    def _child_samples(self) -> Iterable[Sample]:
        self._settle()
        return super()._child_samples()

    def _settle(self) -> None:
        with self._settling:
            kept = sorted(self._kept.popleft() for _ in range(len(self._kept)))
        ends = [bisect_right(kept, bound) for bound in self._upper_bounds]
        for bucket, (begin, end) in zip(self._buckets, pairwise((0, *ends)), strict=True):
            bucket.inc(end - begin)
        self._sum.inc(sum(kept))
