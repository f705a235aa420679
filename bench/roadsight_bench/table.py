"""The results for a reader: one table, its summary as the last line."""

from collections.abc import Iterator, Mapping

from roadsight_bench.measure import OVERLOAD
from roadsight_bench.results import Figures

_HEADINGS = ("load", "limit/s", "answers/s", "ratio", "p50 ms", "p99 ms", "refused", "told ms", "late", "failed")
_GENERATOR = ("cores", "lag ms")
_LEGEND = f"""\
cN: N connections; limit: the same work in a loop without HTTP. overload: {OVERLOAD:.0f} x the best cN, here its limit;
answers in time only; told ms: 99 % of the refusals came within it. cores: CPU that the load took; lag ms: 99 % of it
was sent within it."""


def lines(cases: Mapping[str, Mapping[str, Figures]]) -> Iterator[str]:
    """The table, without its summary."""
    yield _row("case", *_HEADINGS, *_GENERATOR)
    for name, loads in cases.items():
        for load, one in loads.items():
            yield _overload(name, one) if load == "overload" else _closed(name, load, one)
    yield from _LEGEND.splitlines()


def last_line(cases: Mapping[str, Mapping[str, Figures]], misses: int, quick: bool) -> str:
    """All in one line: ratios at c=4/16/64, the overload's, and how many targets are missed."""
    told = []
    for name, loads in cases.items():
        closed = "/".join(f"{one['ratio']:.2f}" for load, one in loads.items() if load != "overload")
        told.append(f"{name} {closed} overload {loads['overload']['ratio']:.2f}")
    warning = "quick, so the figures mean nothing: " if quick else ""
    return f"{warning}{'; '.join(told)}; {misses or 'no'} targets missed"


def _closed(name: str, load: str, one: Figures) -> str:
    rates = f"{one['limit_per_s']:.1f}", f"{one['answers_per_s']:.1f}", f"{one['ratio']:.2f}"
    times = _ms(one["p50_ms"]), _ms(one["p99_ms"])
    return _row(name, load, *rates, *times, "", "", "", one["failed"], f"{one['generator_cores']:.2f}", "")


def _overload(name: str, one: Figures) -> str:
    rates = f"{one['capacity_per_s']:.1f}", f"{one['in_time_per_s']:.1f}", f"{one['ratio']:.2f}"
    times = _ms(one["answer_p50_ms"]), _ms(one["answer_p99_ms"])
    counts = one["refused"], _ms(one["refusal_p99_ms"]), one["late"], one["failed"]
    return _row(name, "overload", *rates, *times, *counts, f"{one['generator_cores']:.2f}", _ms(one["send_lag_p99_ms"]))


def _row(name: object, load: object, *cells: object) -> str:
    return (f"{name:<8} {load:<8}" + "".join(f" {cell:>9}" for cell in cells)).rstrip()


def _ms(milliseconds: float | None) -> str:
    return "-" if milliseconds is None else f"{milliseconds:.1f}"
