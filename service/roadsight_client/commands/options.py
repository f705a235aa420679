"""What every command that asks a service may be told."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from roadsight_client.errors import ClientError
from roadsight_client.questions import Asked

Url = Annotated[str, typer.Option(envvar="ROADSIGHT_URL", help="Of the service; its key is ROADSIGHT_KEY.")]
Task = Annotated[list[str] | None, typer.Option(help="Whose answers; may be given again; every task's by default.")]
Top = Annotated[int, typer.Option(min=0, help="How many classes to name, 0 for all.")]
Regions = Annotated[str | None, typer.Option(help="JSON [[x1,y1,x2,y2],...] in pixels; the whole frame by default.")]
DeadlineMs = Annotated[float, typer.Option(min=0, help="How long an answer is worth having.")]
AsJson = Annotated[bool, typer.Option("--json", help="An object a line instead of a table.")]
Save = Annotated[Path | None, typer.Option(help="Write an annotated video, such as out.mp4.")]
Boxes = list[list[float]]


def asked(task: list[str] | None, top: int, deadline_ms: float) -> Asked:
    """The same as the client has it."""
    return {"tasks": task or (), "top": top, "deadline_ms": deadline_ms}


def boxes(regions: str | None) -> Boxes | None:
    """Reads --regions.

    Raises:
        typer.BadParameter: it is no JSON list of four numbers each.
    """
    if regions is None:
        return None
    try:
        return [[float(x1), float(y1), float(x2), float(y2)] for x1, y1, x2, y2 in json.loads(regions)]
    except (ValueError, TypeError) as error:
        raise typer.BadParameter(f"expected [[x1,y1,x2,y2],...]: {error}", param_hint="--regions") from error


@contextmanager
def telling() -> Iterator[None]:
    """What goes wrong is a line, and status 1."""
    try:
        yield
    except (ClientError, OSError) as error:
        sys.exit(f"error: {error}")
