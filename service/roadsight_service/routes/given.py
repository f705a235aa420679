"""Everything a request says beside its picture, by name.

query, headers, fields --Given--> the value of a name, or of a header of the same meaning
                       BadParameter
"""

from collections.abc import Iterable
from itertools import chain
from urllib.parse import parse_qsl

from starlette.types import Scope

from roadsight_models.errors import BadParameter
from roadsight_service.routes.intake import CONTENT_TYPE, FORM_TYPE, Fields

HEADERS = {
    "frame_id": b"x-frame-id",
    "camera_id": b"x-camera-id",
    "captured_at": b"x-captured-at",
    "deadline_ms": b"x-deadline-ms",
}
_FLAGS = {"false": False, "true": True}


class Given:
    """Everything a request says beside its picture: query, headers, and the fields of a form."""

    def __init__(self, scope: Scope, fields: Fields = ()) -> None:
        client, query = scope.get("client"), scope["query_string"].decode("latin-1")
        self.host: str = client[0] if client else ""
        self._headers: dict[bytes, bytes] = dict(reversed(scope["headers"]))  # of equal names the first counts
        self._http_version: str = scope["http_version"]
        self._query, self._fields = parse_qsl(query, keep_blank_values=True), fields
        self._values = {
            name: [self._headers[header].decode("latin-1")]
            for name, header in HEADERS.items()
            if header in self._headers
        }
        self._values |= _by_name(chain((pair for pair in self._query if pair[0] not in HEADERS), fields))

    @property
    def is_all_in_head(self) -> bool:
        """Whether nothing that counts, but the picture, comes after the head: a form has its fields there."""
        return not self._headers.get(b"content-type", b"").lower().startswith(FORM_TYPE.encode())

    @property
    def keeps_alive(self) -> bool:
        """Whether the connection is there for another request; if not, its client may still be writing as it closes."""
        return self._http_version != "1.0" and b"close" not in self._headers.get(b"connection", b"").lower()

    @property
    def content_type(self) -> str:
        """Of the picture.

        Raises:
            BadParameter: given more than once.
        """
        return self.once(CONTENT_TYPE) or self._headers.get(b"content-type", b"").decode("latin-1")

    @property
    def authorization(self) -> str | None:
        """The header of this name."""
        header = self._headers.get(b"authorization")
        return None if header is None else header.decode("latin-1")

    def refuse_unknown(self, known: tuple[str, ...]) -> None:
        """Raises BadParameter for a name that means nothing: a misspelt `regions` must not become the whole frame."""
        unknown = [name for name, _ in self._query if name not in known]
        unknown += [name for name, _ in self._fields if name not in (*known, *HEADERS, CONTENT_TYPE)]
        if unknown:
            raise BadParameter(unknown[0][:40], f"unknown; there are: {', '.join(known)}")

    def every(self, name: str) -> list[str]:
        """All values of a query parameter, from the query and the form."""
        return self._values.get(name, [])

    def once(self, name: str) -> str | None:
        """The value of a parameter or header; a form's field goes before the header of the same meaning.

        Raises:
            BadParameter: given more than once.
        """
        values = self._values.get(name, ())
        if len(values) > 1:
            raise BadParameter(name, "given more than once")
        return values[0] if values else None

    def flag(self, name: str) -> bool:
        """Whether a parameter is true; it is false where it is not given.

        Raises:
            BadParameter: neither true nor false, or given more than once.
        """
        text = self.once(name) or "false"
        if text not in _FLAGS:
            raise BadParameter(name, f"expected true or false, got {text[:40]!r}")
        return _FLAGS[text]


def _by_name(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found
