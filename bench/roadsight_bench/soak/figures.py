"""What `bench/soak.json` holds, and what is missed.

Step(s) --summary--> {"soak": {"lost": 0, "growth_mb": ..., "steps": [...]}} --misses--> sentences
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict

import numpy as np

from roadsight_bench.results import Figures
from roadsight_bench.soak.soak import Step

SETTLED = 0.2  # of the steps: until then caches fill and arenas grow
# Over all steps, at the slope of the settled ones: what a measurement can't tell from none.
MOST_GROWTH_MB = 5.0
MOST_MORE_FILES = 2.0


def summary(steps: Sequence[Step]) -> Figures:
    """Sums up; at least two steps."""
    frames, wrong = [step.frames for step in steps], [one for step in steps for one in step.wrong]
    return {
        "sent": sum(one.sent for one in frames),
        "in_time": sum(one.in_time for one in frames),
        "late": sum(one.late for one in frames),
        "refused": sum(one.refused for one in frames),
        "lost": sum(one.failed for one in frames),
        "changes": sum(step.changes for step in steps),
        "checks": sum(step.checks.answers for step in steps),
        "checks_put_off": sum(step.checks.refused + step.checks.late for step in steps),
        "checks_failed": sum(step.checks.failed for step in steps),
        "bad": sum(step.bad for step in steps),
        "wrong": [asdict(one) | {"times": times} for one, times in Counter(wrong).items()],
        "pss_mb": max(step.memory.pss_mb for step in steps),
        "growth_mb": _growth([step.memory.pss_mb for step in steps]),
        "more_files": _growth([step.open_files for step in steps]),
        "steps": [asdict(step) for step in steps],
    }


def _growth(held: Sequence[float]) -> float:
    settled = range(min(int(SETTLED * len(held)), len(held) - 2), len(held))
    slope = np.polyfit(settled, [held[number] for number in settled], 1)[0]
    return float(slope) * len(held)


def misses(found: Figures) -> Iterator[str]:
    """What is missed, and by how much."""
    if found["lost"]:
        yield f"{found['lost']} frames of {found['sent']} got no answer that explains itself"
    if found["late"]:
        yield f"{found['late']} frames were answered after their deadline"
    if found["checks_failed"]:
        yield f"{found['checks_failed']} checks got no answer that explains itself"
    for one in found["wrong"]:
        yield f"{one['request']} was told {one['told']} {one['times']} times, due is {one['due']}"
    for name in ("changes", "checks", "bad"):
        if not found[name]:
            yield f"no {name} beside the frames"
    if found["growth_mb"] > MOST_GROWTH_MB:
        yield f"memory grows by {found['growth_mb']:.1f} MB > {MOST_GROWTH_MB}"
    if found["more_files"] > MOST_MORE_FILES:
        yield f"{found['more_files']:.1f} more files are open at the end > {MOST_MORE_FILES}"
