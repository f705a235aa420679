"""`roadsight classify`: what pictures show.

files, folders --Client.classify, one after the other--> table or JSON lines, summary
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Annotated

import typer

from roadsight_client import questions
from roadsight_client.adapters import folder
from roadsight_client.client import Client
from roadsight_client.commands import options
from roadsight_client.commands.board import Board, Lines
from roadsight_client.connection import DEFAULT_URL
from roadsight_client.errors import Problem
from roadsight_client.frames import CameraFrame, printable
from roadsight_client.messages import Outcome, Seen


def classify(
    frames: Annotated[list[Path], typer.Argument(help="Pictures, or folders of them.")],
    url: options.Url = DEFAULT_URL,
    task: options.Task = None,
    regions: options.Regions = None,
    top: options.Top = 1,
    deadline_ms: options.DeadlineMs = 5000,
    as_json: options.AsJson = False,
) -> None:
    """Ask a service what pictures show; status 1 if one of them was refused."""
    boxes, asked = options.boxes(regions), options.asked(task, top, deadline_ms)
    with options.telling(), Client.from_env(url=url) as client, Lines() if as_json else Board(rows=None) as shown:
        for frame in _pictures(frames):
            began = monotonic()
            outcome = _outcome(client, frame, boxes, asked)
            shown.add(Seen(frame, outcome, (monotonic() - began) * 1e3))
    if shown.summary.counts.total() > shown.summary.counts["answered"]:
        sys.exit(1)


def _pictures(paths: list[Path]) -> Iterator[CameraFrame]:
    for path in paths:
        if path.is_dir():
            yield from folder.frames(path)
        else:
            yield CameraFrame(path, printable(path.name))


def _outcome(client: Client, frame: CameraFrame, boxes: options.Boxes | None, asked: questions.Asked) -> Outcome:
    try:
        return client.classify(frame, boxes, **asked)
    except Problem as problem:
        return problem
