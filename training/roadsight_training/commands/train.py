"""`roadsight train`: a recipe and data become a run folder."""

# ruff: noqa: PLC0415  (see the docstring of this package)

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from roadsight_training.commands import DataFolder
from roadsight_training.datasets import open_dataset


def train(
    recipe: Annotated[Path, typer.Argument(help="A YAML of training/recipes.")],
    folder: DataFolder,
    out: Annotated[Path | None, typer.Option(help="The run folder; default runs/<name>.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the run's newest checkpoint.")] = False,
) -> None:
    """Train a network as a recipe says; leaves a run folder."""
    # Threads that spin while they wait starve each other where cores are shared: measured, steps took 15 times as long.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from roadsight_training.fit import fit
    from roadsight_training.recipe import read

    run = fit(recipe, open_dataset(folder), out or Path("runs") / read(recipe).name, resume=resume)
    Console().print(f"trained: {run.folder}; next: roadsight export {run.folder} --version 1.0.0 --data {folder}")
