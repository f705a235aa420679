"""`roadsight train`: a recipe and data become a run folder."""

# ruff: noqa: PLC0415  (see the docstring of this package)

import os
import shlex
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from roadsight_training.commands import DataFolder
from roadsight_training.datasets import open_dataset
from roadsight_training.errors import Stopped

INTERRUPTED = 130  # what a shell says of a program that Ctrl-C ended


def train(
    recipe: Annotated[Path, typer.Argument(help="A YAML of training/recipes.")],
    folder: DataFolder,
    out: Annotated[Path | None, typer.Option(help="The run folder; default runs/<name>.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the run's newest checkpoint.")] = False,
    devices: Annotated[int, typer.Option(min=1, help="GPUs of this machine; without one, processes.")] = 1,
    nodes: Annotated[int, typer.Option(min=1, help="Machines; start the command on each, see Lightning.")] = 1,
) -> None:
    """Train a network as a recipe says; leaves a run folder. Ctrl-C saves the run, a second one does not wait."""
    # Threads that spin while they wait starve each other where cores are shared: measured, steps took 15 times as long.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from roadsight_training.fit import fit
    from roadsight_training.recipe import read
    from roadsight_training.trainer import Hardware

    place = out or Path("runs") / read(recipe).name
    hardware = Hardware(devices=devices, nodes=nodes)
    leads = hardware.leads
    console = Console(quiet=not leads, soft_wrap=True)
    try:
        fit(recipe, open_dataset(folder), place, resume=resume, hardware=hardware)
    except Stopped as stopped:
        words = ["roadsight", "train", str(recipe), "--data", str(folder), "--out", str(place), "--resume"]
        words += [] if hardware.world == 1 else ["--devices", str(devices), "--nodes", str(nodes)]
        console.print(f"{stopped}; go on with: {shlex.join(words)}", markup=False, highlight=False)
        # The first process waits for the others, and takes their failing for its own.
        raise typer.Exit(INTERRUPTED if leads else 0) from stopped
    words = ["roadsight", "export", str(place), "--version", "X.Y.Z", "--data", str(folder)]
    console.print(f"trained: {place}; next: {shlex.join(words)}", markup=False, highlight=False)
