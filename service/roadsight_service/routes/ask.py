"""What a client asks, from query, headers and form fields.

query, headers, fields --Given--> deadline, Said (echoed), Ask
                       BadParameter, BadRegion
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl

from fastapi import Request

from roadsight_models import regions
from roadsight_models.errors import BadParameter
from roadsight_service.pipeline import Ask
from roadsight_service.routes.intake import FORM_TYPE, Fields
from roadsight_service.settings import Settings

HEADERS = {
    "frame_id": b"x-frame-id",
    "camera_id": b"x-camera-id",
    "captured_at": b"x-captured-at",
    "deadline_ms": b"x-deadline-ms",
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


class Given:
    """Everything a request says beside its picture: query, headers, and the fields of a form."""

    def __init__(self, request: Request, fields: Fields = ()) -> None:
        client, query = request.scope.get("client"), request.scope["query_string"].decode("latin-1")
        self.host: str = client[0] if client else ""
        self._headers: dict[bytes, bytes] = dict(reversed(request.scope["headers"]))  # of equal names the first counts
        self._http_version: str = request.scope["http_version"]
        self._query = _by_name(parse_qsl(query, keep_blank_values=True))
        self._fields = _by_name(fields)

    @property
    def is_all_in_head(self) -> bool:
        """Whether nothing that counts, but the picture, comes after the head: a form has its fields there."""
        return not self._headers.get(b"content-type", b"").lower().startswith(FORM_TYPE.encode())

    @property
    def keeps_alive(self) -> bool:
        """Whether the connection is there for another request; if not, its client may still be writing as it closes."""
        return self._http_version != "1.0" and b"close" not in self._headers.get(b"connection", b"").lower()

    @property
    def authorization(self) -> str | None:
        """The header of this name."""
        header = self._headers.get(b"authorization")
        return None if header is None else header.decode("latin-1")

    def refuse_unknown(self, known: tuple[str, ...]) -> None:
        """Raises BadParameter for a name that means nothing: a misspelt `regions` must not become the whole frame."""
        unknown = [name for name in self._query if name not in known]
        unknown += [name for name in self._fields if name not in known and name not in HEADERS]
        if unknown:
            raise BadParameter(unknown[0][:40], f"unknown; there are: {', '.join(known)}")

    def every(self, name: str) -> list[str]:
        """All values of a query parameter, from the query and the form."""
        return self._query.get(name, []) + self._fields.get(name, [])

    def once(self, name: str) -> str | None:
        """The value of a parameter or header; a form's field goes before the header of the same meaning.

        Raises:
            BadParameter: given more than once.
        """
        values = self._fields.get(name, []) if name in HEADERS else self.every(name)
        if len(values) > 1:
            raise BadParameter(name, "given more than once")
        if values or name not in HEADERS:
            return values[0] if values else None
        header = self._headers.get(HEADERS[name])
        return None if header is None else header.decode("latin-1")


def _by_name(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


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
    if values["captured_at"] is not None and not _is_time(values["captured_at"]):
        raise BadParameter("captured_at", "expected RFC 3339 with an offset, or nanoseconds since the epoch")
    return Said(**values)


def ask(given: Given, until: float, settings: Settings) -> Ask:
    """Reads what is wanted.

    Raises:
        BadParameter: an unknown name, a value that can't be read, one given twice.
        BadRegion: see `regions.parse`.
    """
    given.refuse_unknown(QUERY)
    top, boxes = given.once("top") or "5", given.once("regions")
    if not (top.isascii() and top.isdecimal() and len(top) <= 6):
        raise BadParameter("top", f"expected a whole number, 0 for all, got {top[:40]!r}")
    return Ask(
        deadline=until,
        camera=camera(given),
        tasks=tuple(given.every("task")),
        version=given.once("version"),
        regions=() if boxes is None else regions.parse(boxes, settings.max_regions),
        top=int(top),
    )


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
