"""`roadsight certify`: what is proven of a bundle's answers under noise, on pictures of a split."""

# ruff: noqa: PLC0415  (see the docstring of this package)

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from roadsight_models import bundle as bundles
from roadsight_models.manifest import PrecisionName
from roadsight_training.commands import AnySplit, DataFolder
from roadsight_training.commands.resumable import resumable


def certify(
    bundle: Annotated[Path, typer.Argument(help="The folder of a bundle's version.")],
    folder: DataFolder,
    sigma: Annotated[float, typer.Option(help="Standard deviation of the noise, of pixels in [0, 1].")] = 0.25,
    samples: Annotated[int, typer.Option(min=1, help="Noisy pictures to prove a class by; more prove more.")] = 500,
    alpha: Annotated[float, typer.Option(help="How likely each certificate may be wrong.")] = 0.001,
    n: Annotated[int, typer.Option("--n", min=1, help="How many pictures, drawn once and for all.")] = 100,
    split: AnySplit = "test",
    precision: Annotated[PrecisionName, typer.Option(help="Which graph.")] = "float32",
    seed: Annotated[int, typer.Option(min=0, help="Of the noise.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="The run's folder; a run there goes on. Default runs/certify-BUNDLE.")
    ] = None,
) -> None:
    """Certify a bundle by randomized smoothing: certified accuracy against the radius. Ctrl-C keeps what is done.

    What is certified is the vote under noise, which does not serve. The same command goes on with a run.
    """
    from roadsight_training.certifying.asked import Asked
    from roadsight_training.certifying.run import run

    opened = bundles.load(bundle)
    asked = Asked(sigma, samples, alpha, n, split, precision, seed)
    place = out or Path("runs") / f"certify-{opened.manifest.name}-{opened.manifest.version}"
    with resumable(place):
        figures = run(opened, folder, asked, place)
    Console().print(table(figures))
    Console(soft_wrap=True).print(f"see {place / 'report.html'}", markup=False, highlight=False)


def table(figures: dict[str, Any]) -> Table:
    """Lays the figures out for a terminal: a row a radius."""
    run = figures["run"]
    title = f"{run['bundle']} under noise of {run['sigma']:g} on {figures['n']} of {run['split']}, {run['precision']}"
    out = Table("radius, l2", "linf within", "certified", "95 %", title=title)
    for point in figures["curve"]:
        low, high = point["interval"]
        share, interval = f"{point['certified']:.2%}", f"{low:.2%} .. {high:.2%}"
        out.add_row(f"{point['radius']:.4f}", f"{point['linf']:.5f}", share, interval)
    out.add_section()
    for name, part, key in (("abstained", "abstained", "share"), ("without noise, not proven", "plain", "top1")):
        low, high = figures[part]["interval"]
        out.add_row(name, "", f"{figures[part][key]:.2%}", f"{low:.2%} .. {high:.2%}")
    return out
