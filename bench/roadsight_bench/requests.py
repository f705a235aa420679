"""What is sent: a JPEG file, and what is asked of it.

scene, tasks --ask--> Request --form, written--> files, each named with its query: "FOLDER/007?task=road_object"
"""

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from roadsight_bench.forms import RAW, Form
from roadsight_models.draw import encode
from roadsight_models.regions import Box, Region
from roadsight_models.scene import Scene


@dataclass(frozen=True)
class Request:
    """A frame and a question."""

    body: bytes  # a JPEG file
    regions: tuple[Region, ...] = ()  # the whole frame, if empty
    tasks: tuple[str, ...] = ()  # all, if empty

    @property
    def query(self) -> str:
        """The same question, as the service takes it."""
        asked = [("task", task) for task in self.tasks]
        if self.regions:
            boxes = [region.box for region in self.regions]
            asked.append(("regions", json.dumps(boxes, separators=(",", ":"))))
        return urlencode(asked)


def ask(scene: Scene, tasks: tuple[str, ...]) -> Request:
    """Asks for every sign of a scene; for the whole of it, where there is none."""
    return Request(encode(scene), tuple(Region(Box(*sign.box)) for sign in scene.signs), tasks)


@contextmanager
def written(requests: Sequence[Request], form: Form = RAW) -> Iterator[list[str]]:
    """The requests as files in a server's form until the block ends; a path ends in `?` and the query, if any."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number:03}" for number in range(len(requests))]
        for path, request in zip(paths, requests, strict=True):
            path.write_bytes(form.wrap(request.body))
        yield [f"{path}?{one.query}" if one.query else str(path) for path, one in zip(paths, requests, strict=True)]
