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
from roadsight_models.manifest import PrecisionName
from roadsight_models.session import open_session
from roadsight_training.commands import DataFolder
from roadsight_training.datasets import Kind, open_dataset

if TYPE_CHECKING:
    from roadsight_training.judging.figures import Report
    from roadsight_training.judging.intervals import Proportion

WEAKEST = 10  # classes that the table shows; --json has them all


def evaluate(
    bundle: Annotated[Path, typer.Argument(help="The folder of a bundle's version.")],
    folder: DataFolder,
    split: Annotated[str, typer.Option(help="A split of the data set; any string it uses.")] = "test",
    kind: Annotated[
        Kind, typer.Option(help="Which stored form; auto takes the first present of full, roi, full32.")
    ] = "auto",
    min_support: Annotated[
        int, typer.Option(min=1, help="Classes with fewer images are left out of macro figures.")
    ] = 1,
    precision: Annotated[
        PrecisionName, typer.Option(help="Which graph; the manifest's figures are those of float32.")
    ] = "float32",
    json_path: Annotated[Path | None, typer.Option("--json", help="Also write the figures here, all of them.")] = None,
) -> None:
    """Measure a bundle on a split; counts distinct images."""
    from roadsight_training.judging import evaluation

    if json_path is not None:
        json_path.parent.mkdir(parents=True, exist_ok=True)  # what can't be written should be known now
    opened = bundles.load(bundle)
    session = open_session(opened, threads=os.cpu_count() or 1, precision=precision)
    found = open_dataset(folder)
    dataset = found.known_as(opened.manifest.labels)
    report = evaluation.evaluate(session, opened.manifest, dataset, split, kind, min_support)
    Console().print(table(report, f"{opened.manifest.name} {opened.manifest.version} on {split}, kind {kind}"))
    asked_for = {found.labels[sample.index] for sample in found.samples if sample.split == split}
    if strange := sorted(asked_for.difference(dataset.labels)):
        Console().print(f"left out, because the bundle does not know them: {', '.join(strange)}")
    if json_path is not None:
        asked = {"bundle": opened.manifest.name, "version": opened.manifest.version, "split": split, "kind": kind}
        json_path.write_text(json.dumps(report.figures() | asked, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def table(report: "Report", title: str) -> Table:
    """Lays the report out for a terminal: the figures, then the parts of the split, then the weakest classes."""
    out = Table("figure", "value", "95 %", "images", title=title)
    spread, calibration = report.between_tracks, report.calibration
    _shares(out, {f"top-{k}": share for k, share in report.top_k.items()})
    for name, figure, interval in (
        ("macro F1", report.macro_f1, spread["macro_f1"]),
        ("mean recall", report.mean_recall, spread["mean_recall"]),
        ("macro precision", report.macro.precision, None),
        ("mean average precision", report.mean_average_precision, None),
        ("mean area under ROC", report.mean_roc_auc, None),
        ("ECE", calibration.ece, None),
        ("Brier", calibration.brier, None),
        ("NLL", calibration.nll, None),
    ):
        value = "undefined" if figure is None else f"{figure:.4f}"
        out.add_row(name, value, f"{interval[0]:.4f} .. {interval[1]:.4f}" if interval else "", str(report.n))
    _shares(out, {"not uncertain": report.covered, "right of those": report.confident})
    for word, parts in (("kind", report.per_kind), ("source", report.per_source), ("px", report.per_size)):
        # A part that is the whole split would only say top-1 again.
        enough = {name: part.top1 for name, part in parts.items() if report.min_support <= part.top1.n < report.n}
        _shares(out, {f"top-1, {word} {name}": top1 for name, top1 in enough.items()})
    if len(report.per_source) > 1:
        recalls = {
            f"recall, source {source}, {label}": recall
            for source, part in report.per_source.items()
            for label, recall in part.recalls.items()
        }
        _shares(out, {name: recall for name, recall in recalls.items() if recall.n >= report.min_support})
    wrong = {label: one.recall for label, one in report.per_class.items() if one.recall.hits < one.recall.n}
    weakest = sorted(wrong, key=lambda label: wrong[label].value)[:WEAKEST]
    _shares(out, {f"recall, {label}": wrong[label] for label in weakest})
    return out


def _shares(out: Table, shares: "dict[str, Proportion]") -> None:
    out.add_section()
    for name, share in shares.items():
        low, high = share.interval
        value = f"{share.value:.2%}" if share.n else "undefined"
        out.add_row(name, value, f"{low:.2%} .. {high:.2%}", str(share.n))
