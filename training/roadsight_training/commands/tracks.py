"""`roadsight tracks`: what the frames of a track say together, beside what each says alone."""

# ruff: noqa: PLC0415  (see the docstring of this package)

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from roadsight_models import bundle as bundles
from roadsight_models.fusion import FORGETTING
from roadsight_training.commands import AnySplit, DataFolder

if TYPE_CHECKING:
    from roadsight_training.judging.tracks import Compared, Row


def tracks(
    bundle: Annotated[Path, typer.Argument(help="The folder of a bundle's version.")],
    folder: DataFolder,
    split: AnySplit = "test",
    forgetting: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="How much a frame weighs beside the one after it.")
    ] = FORGETTING,
    json_path: Annotated[Path | None, typer.Option("--json", help="Also write the figures here.")] = None,
) -> None:
    """Fuse the frames of each track of a split as the service does; accuracy by how many were seen."""
    from roadsight_models.session import open_session
    from roadsight_training.datasets import open_dataset
    from roadsight_training.datasets.pictures import crops
    from roadsight_training.judging.answers import Answers
    from roadsight_training.judging.evaluation import infer
    from roadsight_training.judging.parts import samples_of
    from roadsight_training.judging.tracks import compare

    opened = bundles.load(bundle)
    manifest = opened.manifest
    dataset = open_dataset(folder).known_as(manifest.labels)
    samples, _ = samples_of(manifest, dataset, split)
    session = open_session(opened, threads=os.cpu_count() or 1)
    answers = Answers.read(infer(session, crops(dataset, samples, manifest.input)), samples, manifest)
    found = compare(answers, manifest.uncertain_below, forgetting)
    named = f"{manifest.name} {manifest.version} on {split}, {found.tracks} tracks, forgetting {forgetting:g}"
    Console().print(table(found, named))
    if json_path is not None:
        asked = {"bundle": manifest.name, "version": manifest.version, "split": split, "forgetting": forgetting}
        json_path.write_text(json.dumps(found.figures() | asked, indent=2) + "\n", encoding="utf-8")


def table(found: "Compared", title: str) -> Table:
    """Lays it out for a terminal: a row for the n-th frame of every track, and one for all."""
    shown = ("alone", "fused", "mended", "spoilt", "sure, alone", "sure, fused", "wrong and sure", "fused")
    out = Table("frame", "n", *shown, title=title)
    for frames, row in found.after.items():
        out.add_row(str(frames), *_cells(row))
    out.add_section()
    out.add_row("all", *_cells(found.all))
    return out


def _cells(row: "Row") -> list[str]:
    alone, fused = row.alone, row.fused
    wrong = [str(one.right_of_sure.n - one.right_of_sure.hits) for one in (alone, fused)]
    shares = [f"{one.value:.2%}" for one in (alone.right, fused.right, alone.sure, fused.sure)]
    return [str(alone.right.n), *shares[:2], str(row.mended), str(row.spoilt), *shares[2:], *wrong]
