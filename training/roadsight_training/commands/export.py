"""`roadsight export`: a run becomes a bundle."""

# ruff: noqa: PLC0415  (see the docstring of this package)

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from roadsight_training.commands import DataFolder
from roadsight_training.datasets import open_dataset


def export(
    run: Annotated[Path, typer.Argument(help="A folder that `roadsight train` made.")],
    folder: DataFolder,
    version: Annotated[str, typer.Option(help="Semantic, not published before.")],
    out: Annotated[Path, typer.Option(help="The folder of all bundles.")] = Path("models/bundles"),
    split: Annotated[
        str, typer.Option(help="What the figures are measured on; `validation` where there is no other.")
    ] = "test",
) -> None:
    """Write a run's best checkpoint as a bundle, calibrated and measured, to try it; see `publish`."""
    from roadsight_training import export as room
    from roadsight_training.run import open_run

    opened = open_run(run)
    bundle = room.export(opened, version, open_dataset(folder).known_as(opened.labels), out, split)
    for metric in bundle.manifest.metrics:
        Console().print(f"{metric.name} {metric.value:.4f} on {metric.n} of {metric.split}")
    Console().print(f"published: {bundle.folder}")
