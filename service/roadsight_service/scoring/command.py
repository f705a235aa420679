"""`roadsight score`: recorded drives judged, as Parquet.

FRAMES --plan--> units --here, or on Ray--> parts, a bar meanwhile --> summary
       BadParameter, and what stops the start of a service
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from roadsight_models.errors import BadParameter
from roadsight_service.scoring.boxes import Boxes, read_boxes
from roadsight_service.scoring.output import Output
from roadsight_service.scoring.scorer import Scorer
from roadsight_service.scoring.table import UNREADABLE
from roadsight_service.scoring.work import Tally, Unit, parts, plan
from roadsight_service.settings import Settings

Done = tuple[Tally, bool]  # what was added; whether a unit is done with it


def score(
    frames: Annotated[list[Path], typer.Argument(help="Pictures, videos, MCAP bags, folders of them.")],
    out: Annotated[str, typer.Option(help="Folder for the parts, or s3://BUCKET/FOLDER; goes on with what is there.")],
    models: Annotated[str | None, typer.Option(help="Bundles that judge; ROADSIGHT_MODELS.")] = None,
    regions: Annotated[Path | None, typer.Option(help="CSV or JSON; the whole frame otherwise.")] = None,
    ray: Annotated[int, typer.Option(min=0, max=4096, help="Workers on a Ray cluster; 0: this process.")] = 0,
    gpus: Annotated[float, typer.Option(min=0, max=16, help="Of each worker on Ray; above 1 a whole number.")] = 0,
) -> None:
    """Judges every frame of recorded drives as the service would; all other settings are ROADSIGHT_ variables."""
    if not (gpus <= 1 or gpus.is_integer()):  # NaN, too
        raise BadParameter("--gpus", "above 1 a whole number: Ray shares one GPU, never several")
    try:
        settings = Settings() if models is None else Settings(models=models)
    except ValidationError as error:
        sys.exit(f"error: {error}")
    settings = settings.model_copy(update={"bundles": settings.bundles.resolve()})
    boxes = Boxes() if regions is None else read_boxes(regions, settings.max_regions)
    output, scorer = Output(out), Scorer(settings, boxes)
    units = plan(frames, boxes, output, output.begin(scorer.run()))
    if not units:
        Console().print("nothing is left to do")
        return
    pinned = settings.model_copy(update={"models": scorer.models})
    done = _on_ray(units, pinned, boxes, out, ray, gpus) if ray else _here(units, scorer, output)
    began = perf_counter()
    _tell(_follow(len(units), done), perf_counter() - began)


def _here(units: Sequence[Unit], scorer: Scorer, output: Output) -> Iterator[Done]:
    for unit in units:
        for tally in parts(unit, scorer, output):
            yield tally, False
        yield Tally(), True


def _on_ray(
    units: Sequence[Unit], settings: Settings, boxes: Boxes, out: str, workers: int, gpus: float
) -> Iterator[Done]:
    try:
        from roadsight_service.scoring.on_ray import over_ray  # noqa: PLC0415  (Ray is an extra of its own)
    except ModuleNotFoundError as error:
        raise BadParameter("--ray", f"{error.name} is missing: pip install 'roadsight[ray]'") from error
    for tally in over_ray(units, settings, boxes, out, workers, gpus):
        yield tally, True


def _follow(units: int, done: Iterator[Done]) -> Tally:
    """Does all that there is to do, and shows how far it is."""
    total = Tally()
    columns = (TextColumn("sources"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, TimeElapsedColumn()) as bar:
        task = bar.add_task("", total=units)
        for tally, is_whole in done:
            total.add(tally)
            bar.update(task, advance=is_whole, description=f"{total.frames} frames")
    return total


def _tell(total: Tally, seconds: float) -> None:
    table = Table()
    for heading in ("task", "status", "label", "rows"):
        table.add_column(heading, justify="right" if heading == "rows" else "left")
    for (task, status, label), rows in sorted(total.rows.items()):
        table.add_row(task, status, label, str(rows))
    console = Console(soft_wrap=True)
    console.print(table)
    unreadable = sum(rows for (_, status, _), rows in total.rows.items() if status == UNREADABLE)
    a_second = f"{total.frames / seconds:.1f} a second" if seconds else ""
    console.print(f"{total.frames} frames, {a_second}, {unreadable} of them unreadable")
    for source in total.cut:
        console.print(f"{source} breaks off; the next run tries it again", markup=False, highlight=False)
