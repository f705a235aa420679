"""A command whose run can be stopped at any time.

KeyboardInterrupt --resumable--> what to do now, and the exit code of a program that was interrupted
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console

from roadsight_training.commands.train import INTERRUPTED


@contextmanager
def resumable(place: Path) -> Iterator[None]:
    """Ctrl-C ends what is inside, and the command; the folder of the run goes on with the same command."""
    try:
        yield
    except KeyboardInterrupt as stopped:
        Console(soft_wrap=True).print(f"interrupted; the same command goes on with {place}", markup=False)
        raise typer.Exit(INTERRUPTED) from stopped
