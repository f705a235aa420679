"""`roadsight publish`: a run becomes a bundle that people may be served by."""

# ruff: noqa: PLC0415  (see the docstring of this package)

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from roadsight_training.commands import DataFolder
from roadsight_training.datasets import open_dataset


def publish(
    run: Annotated[Path, typer.Argument(help="A folder that `roadsight train` made.")],
    folder: DataFolder,
    version: Annotated[str, typer.Option(help="Semantic, not published before.")],
    notes: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="Markdown for the card: what you saw in the pictures that it gets wrong."
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="The folder of all bundles.")] = Path("models/bundles"),
) -> None:
    """Publish a run's best checkpoint in all its precisions, if it passes the gates that its recipe names.

    `export` writes any run as a bundle, to try it; this is for models that others rely on.
    """
    from roadsight_training import publish as room
    from roadsight_training.run import open_run

    opened, console = open_run(run), Console(soft_wrap=True)
    told = notes.read_text(encoding="utf-8") if notes else ""
    published = room.publish(opened, version, open_dataset(folder).known_as(opened.labels), out, told)
    for gate in published.gates:
        console.print(f"passed {gate.name}: {gate.said}", markup=False, highlight=False)
    console.print(f"published: {published.bundle.folder}", markup=False, highlight=False)
