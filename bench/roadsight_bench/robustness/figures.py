"""What `bench/robustness.json` holds, and what is missed.

Measured, by load --summary--> {"1280x720 1r 1t 1/3": {"ratio": ..., "without": {...}, "beside": {...}, ...}, ...}
summary; Checks on an idle machine, by task --misses--> sentences
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from statistics import median

from roadsight_bench.results import Figures, combined
from roadsight_bench.robustness.checks import Checks
from roadsight_bench.robustness.measure import Measured
from roadsight_bench.targets import GENERATOR_CORES
from roadsight_models.robustness.names import DEFAULT

MOST_RATIO = 1.2
MOST_S = 1.0  # of the default attack: the slowest check on an idle machine


def summary(measured: Mapping[str, Measured]) -> dict[str, Figures]:
    """Medians over the pairs, sums of counts; see the top of this file."""
    return {name: _load(one) for name, one in measured.items()}


def _load(one: Measured) -> Figures:
    return {
        "capacity_per_s": one.capacity_per_s,
        "ratio": median(pair.ratio for pair in one.pairs),
        "ratios": [pair.ratio for pair in one.pairs],
        "without": combined([asdict(pair.without) for pair in one.pairs]),
        "beside": combined([asdict(pair.beside) for pair in one.pairs]),
        "checks": combined([asdict(pair.checks) for pair in one.pairs]),
    }


def misses(attack: str, idle: Mapping[str, Checks], loads: Mapping[str, Figures]) -> Iterator[str]:
    """What is missed, and by how much; and which figures are not to be believed."""
    for task, checks in idle.items():
        if unanswered := checks.refused + checks.late + checks.failed:
            yield f"{unanswered} checks of {task} alone were not answered"
        if attack == DEFAULT and checks.slowest_s is not None and checks.slowest_s > MOST_S:
            yield f"the slowest check of {task} alone took {checks.slowest_s:.2f} s > {MOST_S:.0f}"
    for name, load in loads.items():
        yield from _load_misses(name, load)


def _load_misses(name: str, load: Figures) -> Iterator[str]:
    if load["ratio"] > MOST_RATIO:
        yield f"{name} p99 beside checks {load['ratio']:.2f} of that without > {MOST_RATIO}"
    checks, halves = load["checks"], (load["without"], load["beside"])
    if lost := sum(half["sent"] - half["in_time"] for half in halves):
        yield f"{name} {lost} live frames not answered in time"
    if checks["failed"]:
        yield f"{name} {checks['failed']} checks failed"
    if not checks["answers"]:
        yield f"{name} not one check was answered: what one costs is not told"
    busiest = max(half["generator_cores"] for half in halves)
    if busiest > GENERATOR_CORES:
        yield f"{name} generator busy, {busiest:.2f} of its core: not to be believed"
