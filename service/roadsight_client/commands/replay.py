"""`roadsight replay`: a recorded drive, as it was driven.

DRIVE.mcap --mcap.frames--paced--> Client.stream --> live table or JSON lines, annotated video, summary
"""

from pathlib import Path
from typing import Annotated

import typer

from roadsight_client.adapters import mcap
from roadsight_client.commands import options
from roadsight_client.commands.paced import paced
from roadsight_client.commands.stream import watch
from roadsight_client.connection import DEFAULT_URL


def replay(
    drive: Annotated[Path, typer.Argument(help="An MCAP file with images of ROS 2.")],
    url: options.Url = DEFAULT_URL,
    topic: Annotated[list[str] | None, typer.Option(help="Of images; may be given again; all by default.")] = None,
    rate: Annotated[float, typer.Option(min=0.01, help="How fast it is played.")] = 1.0,
    task: options.Task = None,
    regions: options.Regions = None,
    top: options.Top = 1,
    deadline_ms: options.DeadlineMs = 1000,
    as_json: options.AsJson = False,
    save: options.Save = None,
) -> None:
    """Show a service a recorded drive at its own pace; ids are the recorded times, in nanoseconds."""
    boxes, asked = options.boxes(regions), options.asked(task, top, deadline_ms)
    watch(paced(mcap.frames(drive, topic or ()), rate), url, boxes, asked, as_json, save)
