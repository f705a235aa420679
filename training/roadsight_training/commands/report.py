"""`roadsight report`: a run's best checkpoint on a split becomes a page."""

# ruff: noqa: PLC0415  (see the docstring of this package)

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from roadsight_training.commands import DataFolder
from roadsight_training.datasets import Kind, open_dataset

if TYPE_CHECKING:
    from roadsight_training.judging.thresholds import Aim, Wanted


def report(
    run: Annotated[Path, typer.Argument(help="A folder that `roadsight train` made.")],
    folder: DataFolder,
    split: Annotated[
        str, typer.Option(help="A split of the data set; `validation` is the tracks that the run held back.")
    ] = "validation",
    kind: Annotated[Kind | None, typer.Option(help="Which stored form of another split; as `evaluate`.")] = None,
    precision: Annotated[
        list[str] | None,
        typer.Option(
            help="Wanted of the classes, 0.99, or of one, stop=0.999; repeatable. Each class gets a threshold for it, "
            "chosen on validation. Default 0.99."
        ),
    ] = None,
    recall: Annotated[list[str] | None, typer.Option(help="Wanted instead of a precision, in the same way.")] = None,
    show: Annotated[
        list[str] | None, typer.Option(help="Explain this picture, by its path in the data set; repeatable.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Default RUN/report-SPLIT.")] = None,
) -> None:
    """Judge a run's best checkpoint: report.html, figures.json and PNGs for slides."""
    from roadsight_training.fit import load_best
    from roadsight_training.judging.report import write_report
    from roadsight_training.judging.report_judged import Asked
    from roadsight_training.run import HELD_BACK, open_run

    opened = open_run(run)
    dataset = open_dataset(folder).known_as(opened.labels)
    target = out or run / f"report-{split}"
    of_one, of_others = wanted({"precision": precision or (), "recall": recall or ()}, opened.labels)
    if kind is not None and split == HELD_BACK:
        raise typer.BadParameter(f"{HELD_BACK} is measured in the form that the recipe takes", param_hint="--kind")
    asked = Asked(split, kind or "auto", of_one, of_others, tuple(show or ()))
    measured = write_report(opened, load_best(opened), dataset, asked, target)
    Console().print(f"top-1 {measured.top1.value:.2%} of {measured.n} images; see {target / 'report.html'}")


def wanted(said: "Mapping[Aim, Sequence[str]]", labels: Sequence[str]) -> "tuple[dict[str, Wanted], Wanted]":
    """Reads what is wanted, such as 0.99 or stop=0.999: of single classes, and of all others.

    Raises:
        typer.BadParameter: no fraction, an unknown class, or the same class twice.
    """
    from roadsight_training.judging.report_judged import PRECISE
    from roadsight_training.judging.thresholds import Wanted

    found: dict[str, Wanted] = {}
    for aim, text in ((aim, text) for aim, texts in said.items() for text in texts):
        label, _, number = text.rpartition("=")
        if label and label not in labels:
            raise typer.BadParameter(f"no class {label!r}; there are: {', '.join(labels)}", param_hint=f"--{aim}")
        if label in found:
            raise typer.BadParameter(f"{label or 'the classes'}: wanted twice", param_hint=f"--{aim}")
        try:
            value = float(number)
        except ValueError:
            value = 0.0
        if not 0 < value <= 1:
            raise typer.BadParameter(f"{number!r} is no fraction over 0 and up to 1", param_hint=f"--{aim}")
        found[label] = Wanted(aim, value)
    others = found.pop("", PRECISE)
    return found, others
