"""The figures for a reader: a table of loads, a table of batches, the summary as the last line."""

from collections.abc import Iterator, Mapping

from roadsight_bench.growth.batches import SIZES
from roadsight_bench.growth.loads import COSTED
from roadsight_bench.results import Figures

_COLUMNS = {
    "answers/s": "answers_per_s",
    "p50 ms": "p50_ms",
    "p99 ms": "p99_ms",
    "loop/s": "loop_per_s",
    "ratio": "ratio",
    "decode": "decode_ms",
    "infer": "inference_ms",
    "cost": "cost",
    "cores": "cores_for_1000_cameras",
    "failed": "failed",
}
_TWO_DECIMALS = ("ratio", "decode_ms", "inference_ms", "cost")
_LEGEND = """\
Nr: N regions; Nt: N tasks; cN: N connections. loop: the same work without HTTP on as many cores (c1: on one); ratio:
answers of the service per answer of it. decode, infer: ms of a core for a frame; an answer costs decode + cost x infer.
cores: for 1,000 cameras at 10 frames a second, where the load keeps every core busy."""


def lines(loads: Mapping[str, Figures], batches: Mapping[str, Figures]) -> Iterator[str]:
    """Both tables, without the summary."""
    yield _row("load", *_COLUMNS)
    for name, one in loads.items():
        yield _row(name, *(_cell(key, one[key]) for key in _COLUMNS.values()))
    yield from _LEGEND.splitlines()
    yield _row("ms a crop, batch of", *SIZES)
    for name, one in batches.items():
        yield _row(name, *(f"{one[str(size)]:.2f}" for size in SIZES))


def last_line(loads: Mapping[str, Figures], misses: int, quick: bool) -> str:
    """All in one line: what a core answers, the costed load, and how many targets are missed."""
    costs = ", ".join(
        f"{name.removeprefix(COSTED.name).strip()} decode + {one['cost']:.2f} x inference"
        for name, one in loads.items()
        if name.startswith(COSTED.name)
    )
    alone = [one["ratio"] for name, one in loads.items() if name.endswith(" c1")]
    warning = "quick, so the figures mean nothing: " if quick else ""
    told = f"{COSTED.name} {costs}; alone at least {min(alone):.2f} of the loop"
    return f"{warning}{told}; {misses or 'no'} targets missed"


def _cell(key: str, value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.0f}" if key == "failed" else f"{value:.{2 if key in _TWO_DECIMALS else 1}f}"


def _row(name: object, *cells: object) -> str:
    return f"{name:<22}" + "".join(f" {cell:>9}" for cell in cells)
