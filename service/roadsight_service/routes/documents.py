"""What `/docs` says that a request may hold: picture, query, headers, and the same as fields of a form."""

from collections.abc import Mapping
from typing import Any

from roadsight_service.routes.given import HEADERS
from roadsight_service.routes.intake import FORM_TYPE, FRAME_FIELD, IMAGE_TYPES

_HEADERS = (
    ("X-Frame-Id", "string", "Echoed."),
    ("X-Camera-Id", "string", "Echoed; frames to classify take turns by it."),
    ("X-Captured-At", "string", "RFC 3339 with offset, or nanoseconds since the epoch; echoed."),
    ("X-Deadline-Ms", "number", "Relative to receipt."),
)
_PICTURE = {"schema": {"type": "string", "format": "binary"}}


def request_with(query: Mapping[str, tuple[dict[str, Any], str]]) -> dict[str, Any]:
    """The `openapi_extra` of a route.

    Args:
        query: schema and description of each parameter.
    """
    fields = {name: {"type": "string"} for name in (*query, *HEADERS)}
    form = {"type": "object", "required": [FRAME_FIELD], "properties": {FRAME_FIELD: _PICTURE["schema"]} | fields}
    parameters = [
        {"name": name, "in": "query", "description": what, "schema": schema} for name, (schema, what) in query.items()
    ]
    parameters += [
        {"name": name, "in": "header", "description": what, "schema": {"type": kind}} for name, kind, what in _HEADERS
    ]
    content = dict.fromkeys(IMAGE_TYPES, _PICTURE) | {FORM_TYPE: {"schema": form}}
    return {"requestBody": {"required": True, "content": content}, "parameters": parameters}
