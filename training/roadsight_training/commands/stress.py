"""`roadsight stress`: a bundle on what cameras, codecs and careless boxes do to pictures."""

# ruff: noqa: PLC0415  (see the docstring of this package)

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from roadsight_models import bundle as bundles
from roadsight_models.manifest import PrecisionName
from roadsight_models.session import open_session
from roadsight_training.commands import AnySplit, DataFolder
from roadsight_training.datasets import open_dataset

if TYPE_CHECKING:
    from roadsight_training.judging.stress import Stressed


def stress(
    bundle: Annotated[Path, typer.Argument(help="The folder of a bundle's version.")],
    folder: DataFolder,
    split: AnySplit = "test",
    only: Annotated[list[str] | None, typer.Option(help="Such as margin or fog; may be given again.")] = None,
    images: Annotated[int, typer.Option(min=1, help="How many of them, drawn once and for all.")] = 2000,
    precision: Annotated[PrecisionName, typer.Option(help="Which graph.")] = "float32",
    json_path: Annotated[Path | None, typer.Option("--json", help="Also write the figures here.")] = None,
) -> None:
    """Measure a bundle on looser boxes, fewer pixels, JPEG, and ImageNet-C's corruptions; one line each."""
    from roadsight_training.judging import stress as room
    from roadsight_training.judging.parts import samples_of

    if unknown := set(only or ()).difference(room.EVERY):
        raise typer.BadParameter(f"no {unknown.pop()!r}; there are: {', '.join(room.EVERY)}", param_hint="--only")
    if json_path is not None:
        json_path.parent.mkdir(parents=True, exist_ok=True)  # what can't be written should be known now
    opened = bundles.load(bundle)
    session = open_session(opened, "auto", os.cpu_count() or 1, precision=precision)
    dataset = open_dataset(folder).known_as(opened.manifest.labels)
    samples, spoilt = samples_of(opened.manifest, dataset, split)
    pictures = room.some(dataset, samples, images, opened.manifest.input, spoilt)
    found = list(room.stress(session, pictures, only or room.EVERY))
    title = f"{opened.manifest.name} {opened.manifest.version} on {len(pictures)} of {split}, {precision}"
    Console().print(table(found, title))
    if json_path is not None:
        plain = [asdict(one) | one.top1.plain("top1") | {"undisturbed": one.undisturbed.value} for one in found]
        json_path.write_text(json.dumps(plain, indent=2) + "\n", encoding="utf-8")


def table(found: "list[Stressed]", title: str) -> Table:
    """Lays the figures out for a terminal, a row each."""
    out = Table("stress", "level", "top-1", "95 %", "undisturbed", "images", title=title)
    for one in found:
        low, high = one.top1.interval
        level, was = f"{one.level:g} {one.unit}", f"{one.undisturbed.value:.2%}"
        out.add_row(one.name, level, f"{one.top1.value:.2%}", f"{low:.2%} .. {high:.2%}", was, str(one.top1.n))
    return out
