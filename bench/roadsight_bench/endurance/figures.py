"""What `bench/endurance.json` holds, and what is missed.

Start(s), Mark(s) --summary--> {"start": {...}, "endurance": {"slope_mb": ..., "marks": [...]}} --misses--> sentences
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from statistics import median

import numpy as np

from roadsight_bench.endurance.endure import Mark, Start
from roadsight_bench.results import Figures

SETTLED = 0.2  # of the way: until then caches fill and arenas grow
READY_S = 1.5
MOST_PSS_MB = 300.0
MOST_GROWTH_MB = 5.0  # over all answers, at the slope of the settled part: what a measurement can't tell from none
MOST_SLOWER = 1.2  # p99 of the last step by that of the second


def summary(starts: Sequence[Start], marks: Sequence[Mark]) -> dict[str, Figures]:
    """Sums up; the start is a median, memory is the worst that was seen."""
    steps = [mark.step for mark in marks if mark.step]
    total = marks[-1].answers
    settled = [mark for mark in marks if mark.answers >= SETTLED * total]
    slope = np.polyfit([mark.answers for mark in settled], [mark.memory.pss_mb for mark in settled], 1)[0]
    return {
        "start": {
            "ready_s": median(start.ready_s for start in starts),
            "pss_mb": max(start.memory.pss_mb for start in starts),
            "anonymous_mb": max(start.memory.anonymous_mb for start in starts),
            "samples": [asdict(start) for start in starts],
        },
        "endurance": {
            "answers": total,
            "failed": sum(step.failed for step in steps),
            "pss_mb": max(mark.memory.pss_mb for mark in marks),
            "growth_mb": float(slope) * total,
            "slower": steps[-1].p99_ms / steps[1].p99_ms,
            "marks": [asdict(mark) for mark in marks],
        },
    }


def misses(found: Mapping[str, Figures]) -> Iterator[str]:
    """What is missed, and by how much."""
    start, endurance = found["start"], found["endurance"]
    if start["ready_s"] > READY_S:
        yield f"ready after {start['ready_s']:.2f} s > {READY_S}"
    if endurance["pss_mb"] > MOST_PSS_MB:
        yield f"memory {endurance['pss_mb']:.0f} MB > {MOST_PSS_MB:.0f}"
    if endurance["growth_mb"] > MOST_GROWTH_MB:
        yield f"memory grows by {endurance['growth_mb']:.1f} MB over {endurance['answers']} answers > {MOST_GROWTH_MB}"
    if endurance["slower"] > MOST_SLOWER:
        yield f"p99 at the end {endurance['slower']:.2f} of that of the second load > {MOST_SLOWER}"
    if endurance["failed"]:
        yield f"{endurance['failed']} failed"
