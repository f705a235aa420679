"""`roadsight evaluate`: a bundle on a split becomes figures."""

# ruff: noqa: PLC0415  (see the docstring of this package)

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from roadsight_models import bundle as bundles
from roadsight_models.session import open_session
from roadsight_training.commands import DataFolder
from roadsight_training.datasets import Kind, open_dataset

if TYPE_CHECKING:
    from roadsight_training.evaluation import Report


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
