"""What a client asks, from query, headers and form fields.

query, headers, fields --parse--> Terms (Ask, and what is echoed)
                       BadParameter, BadRegion
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from fastapi import Request

from roadsight_models import regions
from roadsight_models.errors import BadParameter, BadRegion
from roadsight_service.pipeline import Ask
from roadsight_service.settings import Settings

HEADERS = {
    "frame_id": "x-frame-id",
    "camera_id": "x-camera-id",
    "captured_at": "x-captured-at",
    "deadline_ms": "x-deadline-ms",
}
QUERY = ("task", "regions", "top", "version")
_PRINTABLE = re.compile(r"[\x20-\x7e]{1,128}")
_NANOSECONDS = re.compile(r"\d{1,19}")
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")


@dataclass(frozen=True)
class Said:
    """What the client says of the frame; echoed as sent."""

    frame_id: str | None
    camera_id: str | None
    captured_at: str | None


def deadline(received: float, request: Request, settings: Settings, fields: Mapping[str, str]) -> float:
    """When the answer must be ready, on the monotonic clock; `X-Deadline-Ms` is relative to receipt.

    Raises:
        BadParameter: not a number.
    """
    text = _value(request, fields, "deadline_ms")
    try:
        milliseconds = settings.default_deadline_ms if text is None else float(text)
    except ValueError:
        milliseconds = math.nan
    if not math.isfinite(milliseconds):
        raise BadParameter("deadline_ms", f"expected a number of milliseconds, got {str(text)[:40]!r}")
    return received + min(milliseconds, settings.max_deadline_ms) / 1e3


def said(request: Request, fields: Mapping[str, str]) -> Said:
    """Reads frame id, camera id and capture time.

    Raises:
        BadParameter: not printable ASCII up to 128 characters, or no time.
    """
    values = {name: _value(request, fields, name) for name in ("frame_id", "camera_id", "captured_at")}
    for name, value in values.items():
        if value is not None and not _PRINTABLE.fullmatch(value):
            raise BadParameter(name, "expected 1 to 128 printable ASCII characters")
    if values["captured_at"] is not None and not _is_time(values["captured_at"]):
        raise BadParameter("captured_at", "expected RFC 3339 with an offset, or nanoseconds since the epoch")
    return Said(**values)


def ask(request: Request, fields: Mapping[str, str], until: float, camera: str | None, settings: Settings) -> Ask:
    """Reads what is wanted.

    Raises:
        BadParameter: an unknown name, a value that can't be read, one given twice.
        BadRegion: see `regions.parse`.
    """
    unknown = [name for name in request.query_params if name not in QUERY]
    unknown += [name for name in fields if name not in QUERY and name not in HEADERS]
    if unknown:
        raise BadParameter(unknown[0][:40], f"unknown; there are: {', '.join(QUERY)}")
    tasks = (*request.query_params.getlist("task"), *filter(None, [fields.get("task")]))
    wanted = {name: _once(request, fields, name) for name in QUERY[1:]}
    top = wanted["top"] or "5"
    if not (top.isascii() and top.isdecimal() and len(top) <= 6):
        raise BadParameter("top", f"expected a whole number, 0 for all, got {top[:40]!r}")
    host = request.client.host if request.client else ""
    return Ask(
        deadline=until,
        camera=camera or host,
        tasks=tasks,
        version=wanted["version"],
        regions=_regions(wanted["regions"], settings.max_regions) if wanted["regions"] is not None else (),
        top=int(top),
    )


def _regions(text: str, limit: int) -> tuple[regions.Region, ...]:
    parsed = regions.parse(text, limit)
    for index, region in enumerate(parsed):
        # JSON can spell half a character, "\ud800"; no answer could echo it.
        if region.track is not None and re.search("[\ud800-\udfff]", region.track):
            raise BadRegion(index, list(region.box), "a track is text, and half a surrogate pair is none")
    return parsed


def _value(request: Request, fields: Mapping[str, str], name: str) -> str | None:
    return fields.get(name, request.headers.get(HEADERS[name]))


def _once(request: Request, fields: Mapping[str, str], name: str) -> str | None:
    values = [*request.query_params.getlist(name), *([fields[name]] if name in fields else [])]
    if len(values) > 1:
        raise BadParameter(name, "given more than once")
    return values[0] if values else None


def _is_time(text: str) -> bool:
    if _NANOSECONDS.fullmatch(text):
        return True
    if not _RFC3339.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text.upper())  # RFC 3339 knows a small t and z, Python does not
    except ValueError:
        return False
    return True
