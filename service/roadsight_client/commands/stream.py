"""`roadsight stream`: a camera or a video, on one connection.

video, camera --paced--> Client.stream --> live table or JSON lines, annotated video, summary
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from roadsight_client.adapters import video as videos
from roadsight_client.client import Client
from roadsight_client.commands import options
from roadsight_client.commands.board import Board, Lines
from roadsight_client.commands.film import film
from roadsight_client.commands.paced import paced
from roadsight_client.connection import DEFAULT_URL
from roadsight_client.frames import CameraFrame
from roadsight_client.questions import Asked


def stream(
    video: Annotated[str, typer.Argument(help="A video, the number of a webcam, or a URL such as rtsp://...")],
    url: options.Url = DEFAULT_URL,
    task: options.Task = None,
    regions: options.Regions = None,
    top: options.Top = 1,
    deadline_ms: options.DeadlineMs = 1000,
    camera: Annotated[str | None, typer.Option(help="What the service calls it; by default after the source.")] = None,
    jpeg: Annotated[int | None, typer.Option(min=1, max=100, help="Send JPEGs of this quality, not pixels.")] = None,
    rate: Annotated[float, typer.Option(min=0.01, help="How fast a video is played.")] = 1.0,
    as_json: options.AsJson = False,
    save: options.Save = None,
) -> None:
    """Show a service what a camera sees, until it ends or Ctrl-C."""
    source = int(video) if video.isdecimal() else video
    boxes, asked = options.boxes(regions), options.asked(task, top, deadline_ms)
    frames = videos.frames(source, camera, jpeg)
    watch(frames if videos.is_live(source) else paced(frames, rate), url, boxes, asked, as_json, save)


def watch(
    frames: Iterable[CameraFrame],
    url: str,
    boxes: options.Boxes | None,
    asked: Asked,
    as_json: bool,
    save: Path | None,
) -> None:
    """Streams frames, and shows what becomes of them."""

    def looked_at() -> Iterator[CameraFrame]:
        for frame in frames:
            yield replace(frame, regions=boxes)

    with (
        options.telling(),
        Client.from_env(url=url) as client,
        film(save) as filmed,
        Lines() if as_json else Board() as shown,
    ):
        try:
            for seen in client.stream(looked_at(), **asked):
                shown.add(seen)
                if filmed is not None:
                    filmed.add(seen)
        except KeyboardInterrupt:  # the summary is what one stops it for
            return
