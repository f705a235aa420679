"""What `bench/results.json` holds.

    Round(s) --summary--> {"c4": {"ratio": 0.97, ..., "samples": [...]}, "c16": ..., "c64": ..., "overload": {...}}
    summaries --document--> {"date": ..., "provider": "cpu", "machine": {...}, "S1": {...}, "S2": ..., "S2-int8": ...}

A figure is the median over the rounds, and a count their sum; `samples` are the rounds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from statistics import median
from typing import Any

from roadsight_bench.machine import Machine
from roadsight_bench.measure import Overload, Pair, Round

COUNTS = ("answers", "sent", "in_time", "late", "refused", "failed")
Figures = dict[str, Any]


def summary(rounds: Sequence[Round]) -> dict[str, Figures]:
    """Sums up a case; see the top of this file."""
    closed = {f"c{c}": combined([_pair(each.pairs[c]) for each in rounds]) for c in rounds[0].pairs}
    return closed | {"overload": combined([_overload(each.overload) for each in rounds])}


def document(machine: Machine, provider: str, quick: bool, cases: Mapping[str, Mapping[str, Figures]]) -> Figures:
    """The whole file; `quick` marks figures that mean nothing."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {"date": now, "provider": provider, "quick": quick, "machine": asdict(machine), **cases}


def _pair(pair: Pair) -> Figures:
    return {"ratio": pair.ratio, "limit_per_s": pair.limit_per_s, **asdict(pair.service)}


def _overload(overload: Overload) -> Figures:
    return {"ratio": overload.ratio, "capacity_per_s": overload.capacity_per_s, **asdict(overload.service)}


def combined(samples: Sequence[Figures]) -> Figures:
    """One set of figures for several of the same kind: medians, sums of counts, and the samples themselves."""
    return {name: _one(name, [sample[name] for sample in samples]) for name in samples[0]} | {"samples": samples}


def _one(name: str, values: Sequence[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    if name in COUNTS:
        return sum(there)
    if name == "latest_ms":  # one that is too late is too late, whatever the others were
        return max(there, default=None)
    return median(there) if there else None
