"""The figures for a reader: a line a task alone, a line a load, the summary as the last line."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict

from roadsight_bench.results import Figures
from roadsight_bench.robustness.checker import IN_FLIGHT
from roadsight_bench.robustness.checks import Checks
from roadsight_bench.robustness.held import Held

_LIVE = ("rate/s", "p50 ms", "checked", "p99 ms", "checked", "ratio", "lag ms")
_CHECKS = ("answers", "refused", "late", "failed", "check s", "slowest")
_LEGEND = f"""\
Nr: N regions; Nt: N tasks; thirds: of what the service can answer. checked: with {IN_FLIGHT} checks in flight;
ratio: of p99, the median of pairs; lag ms: 99 % of the checked frames were sent within it. answers and on: the checks;
late: past their deadline; check s: median, with pauses for live frames, without the wait until it was begun.
idle: one check at a time, and nothing else."""


def lines(idle: Mapping[str, Checks], memory: Held, loads: Mapping[str, Figures]) -> Iterator[str]:
    """The table, without its summary."""
    yield _row("load", *_LIVE, *_CHECKS)
    for task, checks in idle.items():
        yield _row(f"idle {task}", *[""] * len(_LIVE), *_checks(asdict(checks)))
    for name, one in loads.items():
        yield _row(name, *_live(one), *_checks(one["checks"]))
    yield from _LEGEND.splitlines()
    held = f"{memory.at_rest_mb:.0f} MB at rest, {memory.at_work_mb:.0f} MB at most while a check works"
    yield f"all processes hold {held}."


def last_line(attack: str, idle: Mapping[str, Checks], loads: Mapping[str, Figures], misses: int, quick: bool) -> str:
    """All in one line: the worst load, the slowest check, and how many targets are missed."""
    name, worst = max(loads.items(), key=lambda one: one[1]["ratio"])
    slowest = max(one.slowest_s or 0.0 for one in idle.values())
    warning = "quick, so the figures mean nothing: " if quick else ""
    return (
        f"{warning}live p99 beside checks at most {worst['ratio']:.2f} of that without ({name}); a check "
        f"({attack}) alone takes {slowest:.2f} s at most; {misses or 'no'} targets missed"
    )


def _live(one: Figures) -> Iterator[str]:
    without, beside = one["without"], one["beside"]
    yield f"{without['rate']:.1f}"
    for percentile in ("answer_p50_ms", "answer_p99_ms"):
        yield f"{without[percentile]:.1f}"
        yield f"{beside[percentile]:.1f}"
    yield f"{one['ratio']:.2f}"
    yield f"{beside['send_lag_p99_ms']:.1f}"


def _checks(one: Figures) -> Iterator[str]:
    yield from (str(one[count]) for count in ("answers", "refused", "late", "failed"))
    yield from ("-" if one[time] is None else f"{one[time]:.2f}" for time in ("seconds", "slowest_s"))


def _row(name: object, *cells: object) -> str:
    return (f"{name:<20}" + "".join(f" {cell:>7}" for cell in cells)).rstrip()
