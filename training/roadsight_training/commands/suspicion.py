"""`roadsight suspicion`: how well the score of feature squeezing tells attacks from clean pictures."""

# ruff: noqa: PLC0415  (see the docstring of this package)

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table

from roadsight_models import bundle as bundles
from roadsight_models.manifest import PrecisionName
from roadsight_models.robustness.epsilons import read_epsilon
from roadsight_models.robustness.names import Norm
from roadsight_training.commands import AnySplit, DataFolder


def suspicion(
    bundle: Annotated[Path, typer.Argument(help="The folder of a bundle's version.")],
    folder: DataFolder,
    names: Annotated[
        list[str] | None,
        typer.Option("--attack", help="Repeatable; default fgsm, pgd, apgd, fmn, square. `adaptive` comes with any."),
    ] = None,
    epsilon: Annotated[
        list[str] | None, typer.Option(help="Of [0, 1]: 8/255 or 0.03; repeatable. Default 2/255 and 8/255.")
    ] = None,
    norm: Annotated[Norm, typer.Option(help="Of the ball.")] = "linf",
    n: Annotated[int, typer.Option("--n", min=20, help="How many pictures, drawn once and for all.")] = 200,
    split: AnySplit = "test",
    precision: Annotated[PrecisionName, typer.Option(help="Which graph answers.")] = "float32",
    seed: Annotated[int, typer.Option(min=0, help="Of the attacks.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Folder for the page. Default runs/suspicion-BUNDLE.")] = None,
) -> None:
    """Measure the score of feature squeezing against attacks, one of which is told of it: ROC, and what is caught."""
    from roadsight_training.detecting.asked import ATTACKS, Asked
    from roadsight_training.detecting.run import run

    opened = bundles.load(bundle)
    epsilons = tuple(sorted({read_epsilon(text) for text in epsilon or ["2/255", "8/255"]}))
    asked = Asked(tuple(names or ATTACKS), norm, epsilons, n, split, precision, seed)
    place = out or Path("runs") / f"suspicion-{opened.manifest.name}-{opened.manifest.version}"
    figures = run(opened, folder, asked, place)
    Console().print(table(figures))
    Console(soft_wrap=True).print(f"see {place / 'suspicion.html'}", markup=False, highlight=False)


def table(figures: dict[str, Any]) -> Table:
    """Lays the figures out for a terminal: a row an attack and epsilon."""
    run, flagged = figures["run"], figures["false_positives"]
    title = (
        f"{run['bundle']} on {figures['n']} of {run['split']}, {run['precision']}, {run['norm']}; "
        f"suspected over {figures['threshold']:.3g}, as {flagged['share']:.2%} of the clean ones are"
    )
    shown = ("epsilon", "broke", "area under ROC", "caught", "broken, unnoticed")
    out = Table(Column("attack", no_wrap=True), *shown, title=title, caption="in brackets 95 %")
    for one in figures["attacks"]:
        area = _figure(one["area"], one["area_interval"], ".3f")
        caught = _figure(one["caught"], one["caught_interval"], ".1%")
        broke, unnoticed = (
            _figure(one[what]["share"], one[what]["interval"], ".1%") for what in ("broke", "unnoticed")
        )
        out.add_row(one["attack"], one["shown"], broke, area, caught, unnoticed)
    return out


def _figure(value: float | None, interval: tuple[float, float] | None, how: str) -> str:
    if value is None or interval is None:
        return "-"
    return f"{value:{how}} ({interval[0]:{how}} .. {interval[1]:{how}})"
