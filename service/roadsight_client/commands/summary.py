"""What became of many frames, in a line.

Seen --add--> counts, latencies --> "120 frames: 115 answered, 5 superseded; latency p50 6.1 ms, ..."
"""

import math
from collections import Counter, deque

from roadsight_client.answers import Answer
from roadsight_client.errors import Problem
from roadsight_client.messages import Outcome, Seen, Superseded

PERCENTILES = (50, 90, 99)
LATENCIES = 10_000  # of so many answers, the last ones


def name(outcome: Outcome) -> str:
    """`answered`, `superseded`, `unreachable`, or the code of the problem, such as `deadline_missed`."""
    match outcome:
        case Answer():
            return "answered"
        case Superseded():
            return "superseded"
        case Problem(code=code):
            return code
    return "unreachable"


class Summary:
    """Counts every frame; keeps the latency of those that were answered."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._latencies_ms: deque[float] = deque(maxlen=LATENCIES)

    def add(self, seen: Seen) -> None:
        """Counts one."""
        self.counts[name(seen.outcome)] += 1
        if isinstance(seen.outcome, Answer):
            self._latencies_ms.append(seen.latency_ms)

    def percentiles_ms(self) -> dict[int, float]:
        """Of each of PERCENTILES the least latency that so many of the answers do not exceed (nearest rank)."""
        ordered = sorted(self._latencies_ms)
        return {of: ordered[math.ceil(len(ordered) * of / 100) - 1] for of in PERCENTILES if ordered}

    def __str__(self) -> str:
        counts = ", ".join(f"{number} {what}" for what, number in self.counts.most_common())
        line = f"{self.counts.total()} frames" + (f": {counts}" if counts else "")
        latency = ", ".join(f"p{of} {ms:.1f} ms" for of, ms in self.percentiles_ms().items())
        return f"{line}; latency {latency}" if latency else line
