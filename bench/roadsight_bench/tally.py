"""What became of the frames of an open loop.

Frame(s) --tally--> Open: every frame is in time, late, refused or failed
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

ANSWERED = 200
REFUSED = (429, 504)  # told that it will not be answered: queue_full, deadline_missed


@dataclass
class Frame:
    """One frame; times in seconds on the clock of `time.perf_counter`."""

    due: float
    sent_at: float = math.nan  # stays so where no connection was to be had
    answered_at: float = math.nan
    status: int = 0  # 0 where no answer came


@dataclass(frozen=True)
class Open:
    """A load and what became of it: `sent == in_time + late + refused + failed`. Times are since a frame was due."""

    rate: float  # frames per second, as asked for
    sent: int
    in_time: int  # answered before the deadline
    late: int  # answered after it
    refused: int  # one of the statuses that say so
    failed: int  # another status, or no answer at all
    in_time_per_s: float
    answer_p50_ms: float | None  # of the answered; null where none was
    answer_p99_ms: float | None
    latest_ms: float | None
    refusal_p99_ms: float | None
    send_lag_p99_ms: float | None  # how late the generator was itself
    send_lag_max_ms: float | None
    generator_cores: float  # CPU seconds that the generator took, per second


def tally(
    frames: Sequence[Frame],
    rate: float,
    deadline_ms: float,
    generator_cores: float,
    refusals: Sequence[int] = REFUSED,
) -> Open:
    """Counts and times the frames, at least one, in the order in which they were due."""
    answered = [frame for frame in frames if frame.status == ANSWERED]
    refused = [frame for frame in frames if frame.status in refusals]
    in_time = [frame for frame in answered if frame.answered_at - frame.due <= deadline_ms / 1e3]
    answer_ms = [1e3 * (frame.answered_at - frame.due) for frame in answered]
    refusal_ms = [1e3 * (frame.answered_at - frame.due) for frame in refused]
    lag_ms = [1e3 * (frame.sent_at - frame.due) for frame in frames if not math.isnan(frame.sent_at)]
    return Open(
        rate=rate,
        sent=len(frames),
        in_time=len(in_time),
        late=len(answered) - len(in_time),
        refused=len(refused),
        failed=len(frames) - len(answered) - len(refused),
        in_time_per_s=_per_second(in_time, frames[0].due, len(frames) / rate) if in_time else 0.0,
        answer_p50_ms=_percentile(answer_ms, 50),
        answer_p99_ms=_percentile(answer_ms, 99),
        latest_ms=_percentile(answer_ms, 100),
        refusal_p99_ms=_percentile(refusal_ms, 99),
        send_lag_p99_ms=_percentile(lag_ms, 99),
        send_lag_max_ms=_percentile(lag_ms, 100),
        generator_cores=generator_cores,
    )


def _per_second(answered: Sequence[Frame], start: float, seconds: float) -> float:
    """Over the time of the load, or until the last answer if that came later: what waits at the end is no speed."""
    return len(answered) / max(seconds, *(frame.answered_at - start for frame in answered))


def _percentile(milliseconds: Sequence[float], percent: float) -> float | None:
    return float(np.percentile(milliseconds, percent)) if milliseconds else None
