"""Which regions of which frames are to be judged, from a file.

CSV: source,frame,x1,y1,x2,y2[,track]                                --read_boxes--> Boxes
JSON: {"drive.mp4": {"0": [[x1,y1,x2,y2], {"box": [...], "track": "7"}]}}
                                                                     BadParameter, BadRegion
"""

import csv
import hashlib
import io
import json
from collections import defaultdict
from collections.abc import Mapping, Set
from dataclasses import dataclass
from pathlib import Path

from roadsight_models.errors import BadParameter, BadRegion
from roadsight_models.regions import Region, parse

COLUMNS = ("source", "frame", "x1", "y1", "x2", "y2")
OPTION = "--regions"


@dataclass(frozen=True)
class Boxes:
    """The regions of each frame; without a file every frame is one region."""

    digest: str | None = None  # of the file
    regions: dict[tuple[str, int], tuple[Region, ...]] | None = None

    def of(self, source: str, frame: int) -> tuple[Region, ...] | None:
        """Those of a frame; empty for the whole of it, None if a file is there and names none."""
        return () if self.regions is None else self.regions.get((source, frame))

    def check(self, sources: Set[str]) -> None:
        """Refuses a file that names none of these: a path written otherwise must not leave all frames unjudged.

        Raises:
            BadParameter: none of its sources is there.
        """
        if self.regions is not None and not any(source in sources for source, _ in self.regions):
            given, there = (min(names, default="nothing") for names in ((s for s, _ in self.regions), sources))
            raise BadParameter(OPTION, f"no source in it is among FRAMES; it has {given!r}, they have {there!r}")


def read_boxes(path: Path, limit: int) -> Boxes:
    """Reads a file.

    Args:
        path: CSV or JSON; its suffix says which.
        limit: the most regions in one frame.

    Raises:
        BadParameter: it can't be read; with the line, or the frame.
        BadRegion: a frame has more than `limit`, or one that is no box.
    """
    try:
        text = path.read_bytes()
        entries = _json(text.decode()) if path.suffix.lower() == ".json" else _csv(text.decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError, csv.Error) as error:
        raise BadParameter(OPTION, f"{path}: {error}") from error
    regions = {}
    for (source, frame), found in entries.items():
        try:
            regions[source, frame] = parse(json.dumps(found), limit)
        except (BadParameter, BadRegion) as error:
            raise BadParameter(OPTION, f"{path}: {source}, frame {frame}: {error}") from error
    return Boxes(hashlib.sha256(text).hexdigest(), regions)


Entries = Mapping[tuple[str, int], object]


def _json(text: str) -> Entries:
    content = json.loads(text)
    if not isinstance(content, dict) or not all(isinstance(frames, dict) for frames in content.values()):
        raise ValueError('expected {"drive.mp4": {"0": [[x1, y1, x2, y2], ...]}, ...}')
    entries: dict[tuple[str, int], object] = {}
    for source, frames in content.items():
        for frame, found in frames.items():
            key = source, _number(frame)
            if key in entries:
                raise ValueError(f"frame {key[1]} of {source} is there twice")
            entries[key] = found
    return entries


def _csv(text: str) -> Entries:
    lines = csv.DictReader(io.StringIO(text, newline=""))  # a name may hold a line break
    if not set(COLUMNS) <= set(lines.fieldnames or ()):
        raise ValueError(f"expected a first line with {','.join(COLUMNS)}, and track if there are any")
    entries: dict[tuple[str, int], list[object]] = defaultdict(list)
    for line in lines:
        try:
            if line["source"] is None:
                raise ValueError("no source")
            key, box = (line["source"], _number(line["frame"])), [float(line[name]) for name in COLUMNS[2:]]
        except (TypeError, ValueError) as error:
            raise ValueError(f"line {lines.line_num}: {error}") from error
        entries[key].append({"box": box, "track": line.get("track") or None})
    return entries


def _number(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError(f"frame {number}; the first one is 0")
    return number
