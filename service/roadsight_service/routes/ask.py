"""What a client asks, from query, headers and form fields.

Given --deadline, said, ask--> deadline, Said (echoed), Ask
      BadParameter, BadRegion
"""

import math
import re
from datetime import datetime
from typing import NamedTuple

from roadsight_models import raw_layout, regions
from roadsight_models.errors import BadParameter
from roadsight_service.room import Ask
from roadsight_service.routes.given import Given
from roadsight_service.settings import Settings

QUERY = ("task", "regions", "top", "version", "suspicion")
_PRINTABLE = re.compile(r"[\x20-\x7e]{1,128}")
_NANOSECONDS = re.compile(r"\d{1,19}")
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")


class Said(NamedTuple):
    """What the client says of the frame; echoed as sent."""

    frame_id: str | None
    camera_id: str | None
    captured_at: str | None
    captured: float | None = None  # the same as Unix time, in seconds


def deadline(received: float, given: Given, settings: Settings, default_ms: float | None = None) -> float:
    """When the answer must be ready, on the monotonic clock; `X-Deadline-Ms` is relative to receipt.

    Args:
        received: when the request came.
        given: what it says.
        settings: give the longest deadline, and that of requests that name none.
        default_ms: that of such requests on another route.

    Raises:
        BadParameter: not a number.
    """
    text = given.once("deadline_ms")
    try:
        milliseconds = float(text) if text is not None else default_ms or settings.default_deadline_ms
    except ValueError:
        milliseconds = math.nan
    if not math.isfinite(milliseconds):
        raise BadParameter("deadline_ms", f"expected a number of milliseconds, got {str(text)[:40]!r}")
    return received + min(milliseconds, settings.max_deadline_ms) / 1e3


def camera(given: Given) -> str:
    """Whose turn a frame takes in the queue: that of its camera, or of the host that sends it."""
    return given.once("camera_id") or given.host


def said(given: Given) -> Said:
    """Reads frame id, camera id and capture time.

    Raises:
        BadParameter: not printable ASCII up to 128 characters, or no time.
    """
    values = {name: given.once(name) for name in ("frame_id", "camera_id", "captured_at")}
    for name, value in values.items():
        if value is not None and not _PRINTABLE.fullmatch(value):
            raise BadParameter(name, "expected 1 to 128 printable ASCII characters")
    captured = values["captured_at"]
    return Said(**values, captured=None if captured is None else _unix_time(captured))


def ask(given: Given, until: float, settings: Settings) -> Ask:
    """Reads what is wanted.

    Raises:
        BadParameter: an unknown name, a value that can't be read, one given twice.
        BadRegion: see `regions.parse`.
        UnsupportedMediaType: see `raw_layout.read`.
    """
    given.refuse_unknown(QUERY)
    top, boxes = given.once("top") or "5", given.once("regions")
    if not (top.isascii() and top.isdecimal() and len(top) <= 6):
        raise BadParameter("top", f"expected a whole number, 0 for all, got {top[:40]!r}")
    wanted = () if boxes is None else regions.parse(boxes, settings.max_regions)
    return Ask(
        deadline=until,
        camera=camera(given),
        tasks=tuple(given.every("task")),
        version=given.once("version"),
        regions=wanted,
        top=int(top),
        suspicion=given.flag("suspicion"),
        layout=raw_layout.read(given.content_type),
        fuses=given.once("camera_id") is not None and any(region.track is not None for region in wanted),
    )


def _unix_time(text: str) -> float:
    if _NANOSECONDS.fullmatch(text):
        return int(text) / 1e9
    try:
        if _RFC3339.fullmatch(text):
            return datetime.fromisoformat(text.upper()).timestamp()  # RFC 3339 knows a small t and z, Python does not
    except ValueError:
        pass
    raise BadParameter("captured_at", "expected RFC 3339 with an offset, or nanoseconds since the epoch")
