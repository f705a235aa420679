"""`roadsight compare`: several networks on one data set under one time budget."""

# ruff: noqa: PLC0415  (see the docstring of this package)

import os
import re
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from roadsight_training.commands import DataFolder

UNITS = {"s": 1, "m": 60, "h": 3600}


def compare(
    recipes: Annotated[list[Path], typer.Argument(help="YAMLs of one data set.")],
    folder: DataFolder,
    budget: Annotated[str, typer.Option(help="Training time each network gets: 90s, 10m, 1h.")],
    out: Annotated[Path, typer.Option(help="Where to; what is there already is not trained again.")] = Path(
        "runs/compare"
    ),
    split: Annotated[str, typer.Option(help="What top-1 is measured on.")] = "test",
    workers: Annotated[int, typer.Option(min=1, help="Networks that train at a time.")] = 1,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Of each of them; default the machine's cores, shared out.")
    ] = None,
) -> None:
    """Train networks under one budget; draw top-1 against MACs and against latency, with a table.

    The budget is time in training steps. With `--threads 1` it is processor time, so that other work on the machine
    does not matter.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from roadsight_training.compare.compete import Rules
    from roadsight_training.compare.contest import contest, timed
    from roadsight_training.compare.page import write_page
    from roadsight_training.compare.result import save_all

    share = threads or max((os.cpu_count() or 1) // workers, 1)
    rules = Rules(folder, out, seconds(budget), split, share)
    results = []
    for result in contest(recipes, rules, workers):
        results.append(result)
        Console().print(f"{result.name}: {result.top1:.2%} on {result.n} of {split} after {result.epochs:.2f} epochs")
    save_all(timed(results, rules), out)
    write_page(out)
    Console().print(f"compared: {out / 'table.md'}, {out / 'macs.png'}, {out / 'latency.png'}")


def seconds(budget: str) -> float:
    """Reads a time such as 90s, 10m or 1h.

    Raises:
        typer.BadParameter: it is none.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", budget)
    if found is None or not float(found[1]):
        raise typer.BadParameter(f"{budget!r} is no time; 90s, 10m and 1h are", param_hint="--budget")
    return float(found[1]) * UNITS[found[2]]
