"""`roadsight find-lr`: a recipe and data become a learning rate to start from."""

# ruff: noqa: PLC0415  (see the docstring of this package)

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from roadsight_training.commands import DataFolder
from roadsight_training.datasets import open_dataset


def find_lr(
    recipe: Annotated[Path, typer.Argument(help="A YAML of training/recipes.")],
    folder: DataFolder,
    out: Annotated[Path | None, typer.Option(help="Also draw loss against learning rate here, as a PNG.")] = None,
    steps: Annotated[int, typer.Option(min=20, help="Steps of the optimiser, each with a higher rate.")] = 100,
) -> None:
    """Find a learning rate: trains for some steps with a rising one; suggests where the loss falls fastest."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from roadsight_training.judging.plots import save_png
    from roadsight_training.range_test import draw, range_test
    from roadsight_training.recipe import read

    options = read(recipe)
    test = range_test(options, open_dataset(folder), steps)
    fit, console = options.fit, Console(soft_wrap=True, highlight=False)
    console.print(f"fit.learning_rate: {test.suggestion:.2g}   (the recipe has {fit.learning_rate:g})")
    console.print(
        f"There the loss fell fastest over {len(test.rates)} rates from {test.rates[0]:.1g} to {test.rates[-1]:.1g}: "
        f"{fit.optimiser}, batches of {fit.batch_size}, {options.network.name}. It was lowest, "
        f"{min(test.losses):.3f}, at {test.rates[test.lowest]:.2g}; higher rates do harm."
    )
    if out is not None:
        save_png(draw(test, f"{options.name}: learning-rate range test"), out)
        console.print(f"drawn: {out}")
