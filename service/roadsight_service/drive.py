"""`roadsight drive`: a camera that passes drawn signs and posts what it sees to a service, until it is stopped.

seeds --scene.draw--> frames --Client--> answers --> a line after every REPORT_FRAMES frames
                             Problem, Unreachable: counted, and it drives on
"""

import signal
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import count, cycle
from time import monotonic, sleep
from typing import Annotated

import typer

from roadsight_client import Client, Problem, Unreachable
from roadsight_models import scene
from roadsight_models.draw import encode

SEEDS = range(8)
REPORT_FRAMES = 20
DEADLINE_MS = 1000
Frame = tuple[bytes, list[tuple[int, int, int, int]]]  # a JPEG, and its boxes


def drive(
    url: Annotated[str, typer.Argument(help="Of the service, http://HOST:PORT.")],
    a_second: Annotated[float, typer.Option(min=0.01, max=100, help="Frames a second, at most.")] = 2,
    frames: Annotated[int | None, typer.Option(min=1, help="Stop after so many.")] = None,
) -> None:
    """Posts drawn frames as a camera would; what fails is counted and does not stop it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # as the first process of a container it has no default
    said: Counter[str] = Counter()
    with Client(url, trust_env=False) as client:
        for number, (jpeg, boxes) in zip(range(frames) if frames else count(), cycle(list(_drawn())), strict=False):
            due = monotonic() + 1 / a_second
            said[_post(client, jpeg, boxes, number)] += 1
            if (number + 1) % REPORT_FRAMES == 0 or number + 1 == frames:
                print(f"{number + 1} frames: " + ", ".join(f"{n} {what}" for what, n in said.most_common()), flush=True)
            sleep(max(0.0, due - monotonic()))


def _drawn() -> Iterator[Frame]:
    for seed in SEEDS:
        drawn = scene.draw(seed, signs=3, side=(40, 96))
        yield encode(drawn), [sign.box for sign in drawn.signs]


def _post(client: Client, jpeg: bytes, boxes: list[tuple[int, int, int, int]], number: int) -> str:
    """What became of one frame: `answered`, `unreachable`, or the code of the problem."""
    try:
        client.classify(jpeg, boxes, frame_id=str(number), camera_id="drive", deadline_ms=DEADLINE_MS)
    except Problem as problem:
        return problem.code
    except Unreachable:
        return "unreachable"
    return "answered"
