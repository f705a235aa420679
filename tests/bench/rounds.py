"""Rounds made by hand, so that their figures are known."""

from roadsight_bench.closed_loop import Closed
from roadsight_bench.measure import CONNECTIONS, Overload, Pair, Round
from roadsight_bench.tally import Frame, tally


def closed(answers_per_s: float, **changes: float) -> Closed:
    fields = {"p50_ms": 10.0, "p99_ms": 12.0, "failed": 0, "generator_cores": 0.02, "answers": 400}
    return Closed(answers_per_s, **(fields | changes))  # type: ignore[arg-type]  # `failed` is whole


def overload(in_time: int, latest_s: float = 0.09) -> Overload:
    """Capacity 100 a second, three times that for a second, of which so many are answered in time."""
    frames = [Frame(n / 300, n / 300, n / 300 + 0.01, 200 if n < in_time else 429) for n in range(300)]
    frames[0].answered_at = latest_s
    return Overload(100.0, tally(frames, 300.0, 100.0, 0.1))


def round_of(answers_per_s: float = 96.0, in_time: int = 95, latest_s: float = 0.09, **changes: float) -> Round:
    """A limit of 100 a second, and a service that answers so many."""
    pair = Pair(100.0, closed(answers_per_s, **changes))
    return Round(dict.fromkeys(CONNECTIONS, pair), overload(in_time, latest_s))
