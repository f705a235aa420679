"""How far a run is, for who waits.

what, total, numbers done --follow--> a bar on the terminal
"""

from collections.abc import Iterable

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


def follow(what: str, total: int, done: Iterable[int]) -> None:
    """Does all that there is to do, and shows how many are done."""
    with Progress(TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()) as bar:
        task = bar.add_task(what, total=total)
        for number in done:
            bar.update(task, completed=number)
