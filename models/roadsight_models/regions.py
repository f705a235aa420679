"""Boxes in a frame: what a client may ask for.

    text --parse--> Region(s) --within--> Region(s) inside the picture
         BadRegion                BadRegion
         BadParameter

Coordinates are pixels, x to the right, y down, half-open: `pixels[y1:y2, x1:x2]`; fractions are welcome.
"""

import json
from dataclasses import dataclass, replace
from typing import NamedTuple

from roadsight_models.errors import BadParameter, BadRegion

MAX_REGIONS = 256
MAX_TEXT = 64 * 1024
MAX_COORDINATE = 1_000_000
MAX_TRACK = 128


class Box(NamedTuple):
    """x1, y1, x2, y2 in pixels; right and bottom exclusive."""

    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def shorter_side(self) -> float:
        """The smaller of width and height, in pixels."""
        return min(self.x2 - self.x1, self.y2 - self.y1)


@dataclass(frozen=True)
class Region:
    """A box to be judged, and the track it belongs to, if the client follows objects."""

    box: Box
    track: str | None = None


def whole(width: int, height: int) -> Region:
    """The region that is the whole frame."""
    return Region(Box(0, 0, width, height))


def parse(text: str, limit: int = MAX_REGIONS) -> tuple[Region, ...]:
    """Reads `[[x1, y1, x2, y2], ...]`; an entry may also be `{"box": [...], "track": "7"}`.

    Raises:
        BadParameter: not JSON, or not a list.
        BadRegion: an entry is no box, is inverted or not finite, has the track of one before it, or there are more than
            `limit`; with its index.
    """
    if len(text) > MAX_TEXT:
        raise BadParameter("regions", f"over {MAX_TEXT} characters")
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadParameter("regions", "not JSON; expected [[x1, y1, x2, y2], ...]") from error
    if not isinstance(entries, list) or not entries:
        raise BadParameter("regions", "expected a list of boxes, [[x1, y1, x2, y2], ...]")
    if len(entries) > limit:
        raise BadRegion(limit, entries[limit], f"at most {limit} regions a frame")
    regions, tracks = list[Region](), set[str]()
    for index, entry in enumerate(entries):
        region = _region(index, entry)
        if region.track is not None:
            if region.track in tracks:
                raise BadRegion(index, entry, "a region before it has the same track; an object is once in a frame")
            tracks.add(region.track)
        regions.append(region)
    return tuple(regions)


def _region(index: int, entry: object) -> Region:
    box, track = entry, None
    if isinstance(entry, dict):
        if not entry.keys() <= {"box", "track"}:
            raise BadRegion(index, entry, "a region has a box and may have a track, nothing else")
        box, track = entry.get("box"), entry.get("track")
    if track is not None and not (isinstance(track, str) and 0 < len(track) <= MAX_TRACK and track.isprintable()):
        raise BadRegion(index, box, f"a track is a string of 1 to {MAX_TRACK} printable characters")
    if not isinstance(box, list) or len(box) != 4:
        raise BadRegion(index, box, "a box is [x1, y1, x2, y2]")
    for value in box:
        # One comparison refuses NaN, both infinities and integers too big for a float.
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= MAX_COORDINATE:
            raise BadRegion(index, box, f"a coordinate is a number within +-{MAX_COORDINATE}")
    if box[2] <= box[0] or box[3] <= box[1]:
        raise BadRegion(index, box, "x1 < x2 and y1 < y2 must hold")
    return Region(Box(*box), track)


def within(regions: tuple[Region, ...], width: int, height: int) -> tuple[Region, ...]:
    """Clips each region at the picture's sides.

    Raises:
        BadRegion: a box lies wholly outside; with its index.
    """
    return tuple(_clip(index, region, width, height) for index, region in enumerate(regions))


def _clip(index: int, region: Region, width: int, height: int) -> Region:
    x1, y1, x2, y2 = region.box
    clipped = Box(max(x1, 0), max(y1, 0), min(x2, width), min(y2, height))
    if clipped.x2 <= clipped.x1 or clipped.y2 <= clipped.y1:
        raise BadRegion(index, list(region.box), f"wholly outside the picture of {width} x {height} pixels")
    return replace(region, box=clipped)
