"""The figures for a reader: a line for every mark, the summary as the last line."""

from collections.abc import Iterator, Mapping

from roadsight_bench.results import Figures

_HEADINGS = ("answers", "PSS MB", "anonymous", "answers/s", "p50 ms", "p99 ms", "failed")


def lines(found: Mapping[str, Figures]) -> Iterator[str]:
    """The table, without its summary."""
    yield _row(_HEADINGS)
    for mark in found["endurance"]["marks"]:
        memory, step = mark["memory"], mark["step"]
        held = str(mark["answers"]), f"{memory['pss_mb']:.1f}", f"{memory['anonymous_mb']:.1f}"
        yield _row((*held, *_step(step)) if step else held)


def _step(step: Figures) -> tuple[str, ...]:
    return f"{step['answers_per_s']:.1f}", f"{step['p50_ms']:.1f}", f"{step['p99_ms']:.1f}", str(step["failed"])


def _row(cells: tuple[str, ...]) -> str:
    return " ".join(f"{cell:>10}" for cell in cells)


def last_line(found: Mapping[str, Figures], misses: int) -> str:
    """All in one line."""
    start, endurance = found["start"], found["endurance"]
    return (
        f"ready in {start['ready_s']:.2f} s with {start['pss_mb']:.0f} MB; at most {endurance['pss_mb']:.0f} MB, "
        f"{endurance['growth_mb']:+.1f} MB over {endurance['answers']} answers, p99 at the end "
        f"{endurance['slower']:.2f} of that of the second load; {misses or 'no'} targets missed"
    )
