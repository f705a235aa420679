"""The commands of this room: train, evaluate, export, data.

    recipe + data --train--> run --export--> bundle --evaluate--> figures
           a TrainingError ends in one line, as every RoadsightError does

torch is imported by the command that needs it, so that `roadsight --help` is quick and works without the extra.
"""

# ruff: noqa: PLC0415  (see above)

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from roadsight_models import bundle as bundles
from roadsight_models.session import open_session
from roadsight_training.datasets import Kind, open_dataset
from roadsight_training.errors import DownloadFailed

if TYPE_CHECKING:
    from roadsight_training.evaluation import Report

DataFolder = Annotated[Path, typer.Option("--data", help="Packed form, official GTSRB layout, or a folder per class.")]

data = typer.Typer(no_args_is_help=True, help="Fetch public data sets.")


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


def export(
    run: Annotated[Path, typer.Argument(help="A folder that `roadsight train` made.")],
    folder: DataFolder,
    version: Annotated[str, typer.Option(help="Semantic, not published before.")],
    out: Annotated[Path, typer.Option(help="The folder of all bundles.")] = Path("models/bundles"),
) -> None:
    """Publish a run's best checkpoint as a bundle, calibrated and measured."""
    from roadsight_training import export as room
    from roadsight_training.run import open_run

    opened = open_run(run)
    bundle = room.export(opened, version, open_dataset(folder, opened.labels), out)
    for metric in bundle.manifest.metrics:
        Console().print(f"{metric.name} {metric.value:.4f} on {metric.n} of {metric.split}")
    Console().print(f"published: {bundle.folder}")


def evaluate(
    bundle: Annotated[Path, typer.Argument(help="The folder of a bundle's version.")],
    folder: DataFolder,
    split: Annotated[str, typer.Option(help="A split of the data set; any string it uses.")] = "test",
    kind: Annotated[
        Kind, typer.Option(help="Which stored form; auto takes the first present of full, roi, full32.")
    ] = "auto",
    json_path: Annotated[Path | None, typer.Option("--json", help="Also write the figures here.")] = None,
) -> None:
    """Measure a bundle on a split; counts distinct images."""
    from roadsight_training import evaluation

    opened = bundles.load(bundle)
    session = open_session(opened, threads=os.cpu_count() or 1)
    dataset = open_dataset(folder, opened.manifest.labels)
    report = evaluation.evaluate(session, opened.manifest, dataset, split, kind)
    Console().print(table(report, f"{opened.manifest.name} {opened.manifest.version} on {split}, kind {kind}"))
    if json_path is not None:
        asked = {"bundle": opened.manifest.name, "version": opened.manifest.version, "split": split, "kind": kind}
        json_path.write_text(json.dumps(report.figures() | asked, indent=2) + "\n", encoding="utf-8")


def table(report: "Report", title: str) -> Table:
    """Lays the report out for a terminal: the figures, then the kinds, then the classes with errors."""
    out = Table("figure", "value", "95 %", "images", title=title)
    for name, value in (("macro_f1", report.macro_f1), ("mean_recall", report.mean_recall)):
        low, high = report.between_tracks[name]
        out.add_row(name.replace("_", " "), f"{value:.4f}", f"{low:.4f} .. {high:.4f}", str(report.n))
    out.add_row("ECE", f"{report.ece:.4f}", "", str(report.n))
    rows = {"top-1": report.top1, "not uncertain": report.covered, "right of those": report.confident}
    rows |= {f"top-1, {kind}": top1 for kind, top1 in report.per_kind.items()}
    wrong = [(label, recall) for label, recall in report.per_class.items() if recall.hits < recall.n]
    rows |= {f"recall, {label}": recall for label, recall in sorted(wrong, key=lambda item: item[1].value)}
    for name, proportion in rows.items():
        low, high = proportion.interval
        out.add_row(name, f"{proportion.value:.2%}", f"{low:.2%} .. {high:.2%}", str(proportion.n))
    return out


@data.callback()
def _data() -> None:
    """Fetch public data sets."""


@data.command()
def gtsrb(folder: Annotated[Path, typer.Argument(help="Where to; `--data` takes the same folder.")]) -> None:
    """Download the official traffic-sign set, training and test, as torchvision lays it out."""
    from torchvision.datasets import GTSRB  # type: ignore[import-untyped]

    try:
        for split in ("train", "test"):
            GTSRB(str(folder), split=split, download=True)
    except (OSError, RuntimeError) as error:
        raise DownloadFailed(f"GTSRB could not be downloaded: {error}") from error
    Console().print(f"downloaded; next: roadsight train training/recipes/traffic-sign.yaml --data {folder}")
