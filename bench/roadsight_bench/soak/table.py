"""The figures for a reader: a line for every step, the summary as the last line."""

from collections.abc import Iterator

from roadsight_bench.results import Figures

_HEADINGS = ("frames", "refused", "lost", "p99 ms", "changes", "checks", "put off", "bad", "wrong", "PSS MB", "files")


def lines(found: Figures) -> Iterator[str]:
    """The table, without its summary."""
    yield _row(_HEADINGS)
    for step in found["steps"]:
        frames, checks = step["frames"], step["checks"]
        yield _row(
            (
                *(str(frames[name]) for name in ("sent", "refused", "failed")),
                f"{frames['answer_p99_ms']:.1f}",
                *(str(count) for count in (step["changes"], checks["answers"], checks["refused"] + checks["late"])),
                *(str(count) for count in (step["bad"], len(step["wrong"]))),
                f"{step['memory']['pss_mb']:.1f}",
                str(step["open_files"]),
            )
        )


def _row(cells: tuple[str, ...]) -> str:
    return " ".join(f"{cell:>8}" for cell in cells)


def last_line(found: Figures, misses: int) -> str:
    """All in one line."""
    return (
        f"{found['sent']} frames, {found['refused']} refused and {found['lost']} lost, beside "
        f"{found['changes']} changes of a model, {found['checks']} checks and {found['bad']} bad requests; "
        f"at most {found['pss_mb']:.0f} MB, {found['growth_mb']:+.1f} MB and {found['more_files']:+.1f} open files on "
        f"the way; {misses or 'no'} targets missed"
    )
