"""`roadsight report`: a run's best checkpoint on a split becomes a page."""

# ruff: noqa: PLC0415  (see the docstring of this package)

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from roadsight_training.commands import DataFolder
from roadsight_training.datasets import Kind, open_dataset


def report(
    run: Annotated[Path, typer.Argument(help="A folder that `roadsight train` made.")],
    folder: DataFolder,
    split: Annotated[
        str, typer.Option(help="A split of the data set; `validation` is the tracks that the run held back.")
    ] = "validation",
    kind: Annotated[Kind | None, typer.Option(help="Which stored form of another split; default the recipe's.")] = None,
    precision: Annotated[
        float, typer.Option(min=0.01, max=1, help="Wanted of every class; thresholds for it are chosen on validation.")
    ] = 0.99,
    show: Annotated[
        list[str] | None, typer.Option(help="Explain this picture, by its path in the data set; repeatable.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Default RUN/report-SPLIT.")] = None,
) -> None:
    """Judge a run's best checkpoint: report.html, figures.json and PNGs for slides."""
    from roadsight_training.fit import load_best
    from roadsight_training.judging.report import write_report
    from roadsight_training.judging.report_judged import Asked
    from roadsight_training.run import open_run

    opened = open_run(run)
    dataset = open_dataset(folder).known_as(opened.labels)
    target = out or run / f"report-{split}"
    asked = Asked(split, kind, precision, tuple(show or ()))
    measured = write_report(opened, load_best(opened), dataset, asked, target)
    Console().print(f"top-1 {measured.top1.value:.2%} of {measured.n} images; see {target / 'report.html'}")
