"""What `bench/peers.json` holds of a row, the table, and what is missed.

    Contest --summary--> {"precision": {"ours": "int8", "theirs": "float32"},
                          "c4": {"ratio": 1.4, "limit_per_s": 180.0, "ours": {...}, "theirs": {...}}, "c16": ...,
                          "c64": ..., "overload": {"ratio": ..., "ours": {...}, "theirs": {...}}}
            --lines--> one line a row
            --misses--> sentences

A figure is the median over the rounds, and a count their sum. A row that could not be measured is {"why": "..."}.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import NamedTuple

from roadsight_bench.measure import CONNECTIONS
from roadsight_bench.peers.catalogue import Row
from roadsight_bench.peers.contest import Contest, Duel, Turn
from roadsight_bench.results import Figures, combined
from roadsight_bench.targets import GENERATOR_CORES

AHEAD = {"S1": 1.25, "S2": 1.7, "S3": 1.9}  # of whom its own tutorial shows, at every number of connections
LEVEL = 1.0  # of whom has our decoder and graph
LOADS = (*(f"c{number}" for number in CONNECTIONS), "overload")

_RATES = ("graph", "x4", "x16", "x64", "4/s", "16/s", "64/s")
_HEADINGS = (*_RATES, "p99 ours", "p99", "in time", "theirs", "late", "refused")
_LEGEND = """\
server: has our decoder and graph; tutorial: as its own documentation shows. graph: the precision of ours, of the limit
and of a server row; a tutorial has float32. xN: answers of ours for each of theirs, N connections; N/s, p99 (ms, 64
connections): theirs. in time: ours a second under overload, then theirs. cores: CPU of the generator, at most. Where
something failed, the last column counts it."""


class Key(NamedTuple):
    """Which row."""

    case: str
    peer: str
    row: Row


def summary(contest: Contest) -> Figures:
    """Sums up a row; see the top of this file."""
    found: Figures = {"precision": {"ours": contest.ours_in, "theirs": contest.theirs_in}}
    for number in CONNECTIONS:
        turns = [each[number] for each in contest.turns]
        pairs = combined([{"ratio": turn.ratio, "limit_per_s": turn.limit_per_s} for turn in turns])
        found[f"c{number}"] = pairs | _both(turns)
    return found | {"overload": combined([{"ratio": duel.ratio} for duel in contest.duels]) | _both(contest.duels)}


def _both(rounds: Sequence[Turn] | Sequence[Duel]) -> Figures:
    sides = {"ours": [each.ours for each in rounds], "theirs": [each.theirs for each in rounds]}
    return {side: combined([asdict(one) for one in seen]) for side, seen in sides.items()}


def lines(rows: Mapping[Key, Figures]) -> Iterator[str]:
    """The table."""
    yield _line("case", "peer", "row", *_HEADINGS, "cores", "failed")
    for key, figures in rows.items():
        yield f"{_line(*key)}  not measured: {figures['why']}" if "why" in figures else _line(*key, *_cells(figures))
    yield from _LEGEND.splitlines()


def misses(key: Key, figures: Figures) -> Iterator[str]:
    """What a row misses; where they answered nothing, nothing is missed."""
    name, wanted = " ".join(key), AHEAD[key.case] if key.row == "tutorial" else LEVEL
    for load in LOADS if "why" not in figures else ():
        one, least = figures[load], LEVEL if load == "overload" else wanted
        if one["ratio"] is not None and one["ratio"] < least:
            yield f"{name} {load} {one['ratio']:.2f} < {least:.2f}"
        if (cores := _cores(one)) > GENERATOR_CORES:
            yield f"{name} {load} generator busy, {cores:.2f} of its core: not to be believed"


def _cells(figures: Figures) -> Iterator[str]:
    closed, overload = [figures[load] for load in LOADS[:-1]], figures["overload"]
    yield figures["precision"]["ours"]
    yield from ("-" if one["ratio"] is None else f"{one['ratio']:.2f}" for one in closed)
    yield from (f"{one['theirs']['answers_per_s']:.0f}" for one in closed)
    yield from (f"{closed[-1][side]['p99_ms']:.0f}" for side in ("ours", "theirs"))
    yield from (f"{overload[side]['in_time_per_s']:.0f}" for side in ("ours", "theirs"))
    yield from (str(overload["theirs"][count]) for count in ("late", "refused"))
    yield f"{max(_cores(figures[load]) for load in LOADS):.2f}"
    yield str(sum(figures[load][side]["failed"] for load in LOADS for side in ("ours", "theirs")) or "")


def _cores(one: Figures) -> float:
    return max(float(one[side]["generator_cores"]) for side in ("ours", "theirs"))


def _line(case: str, peer: str, row: str, *cells: str) -> str:
    return (f"{case:<4} {peer:<9} {row:<8}" + "".join(f" {cell:>8}" for cell in cells)).rstrip()
