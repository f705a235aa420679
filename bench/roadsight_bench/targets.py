"""What the service is to reach, and what it misses; and what must hold for a figure to be believed.

results --misses--> sentences
"""

from collections.abc import Iterator, Mapping

from roadsight_bench.results import Figures
from roadsight_bench.subject import DEADLINE_MS

OF_LIMIT = {"float32": 0.95}
OF_ITS_OWN_LIMIT = 0.90  # in another precision, where the same overhead weighs more
OF_CAPACITY = 0.90  # answered in time under overload
LATE_MS = 10.0  # after the deadline
TAIL = 1.3  # p99 by p50, at 64 connections
GENERATOR_CORES = 0.7  # of the one core that a generator can use; a busier one measures itself


def misses(name: str, precision: str, figures: Mapping[str, Figures]) -> Iterator[str]:
    """What a case misses, and by how much."""
    wanted = OF_LIMIT.get(precision, OF_ITS_OWN_LIMIT)
    for load, one in figures.items():
        least = OF_CAPACITY if load == "overload" else wanted
        if one["ratio"] < least:
            yield f"{name} {load} {one['ratio']:.2f} < {least:.2f}"
        if one["failed"]:
            yield f"{name} {load} {one['failed']} failed"
        if one["generator_cores"] > GENERATOR_CORES:
            yield f"{name} {load} generator busy, {one['generator_cores']:.2f} of its core: not to be believed"
    p50, p99 = figures["c64"]["p50_ms"], figures["c64"]["p99_ms"]
    if p99 > TAIL * p50:
        yield f"{name} c64 p99 {p99:.0f} ms > {TAIL} x {p50:.0f}"
    latest = figures["overload"]["latest_ms"]
    if latest is not None and latest > DEADLINE_MS + LATE_MS:
        yield f"{name} overload {latest - DEADLINE_MS:.0f} ms late > {LATE_MS:.0f}"
