"""What `/docs` says that a request may hold: picture, query, headers, and the same as fields of a form."""

from collections.abc import Mapping
from typing import Any

from roadsight_service.routes.given import HEADERS
from roadsight_service.routes.intake import FORM_TYPE, FRAME_FIELD, IMAGE_TYPES

Schema = dict[str, Any]

TEXT: Schema = {"type": "string", "minLength": 1}
WHOLE: Schema = {"type": "integer", "minimum": 1}
FLAG: Schema = {"type": "boolean"}
_PRINTABLE = TEXT | {"maxLength": 128, "pattern": "^[!-~]([ -~]*[!-~])?$"}  # servers trim a header's spaces
_TIME = TEXT | {"pattern": "^([0-9]{1,19}|[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ].+)$"}
_HEADERS = (
    ("X-Frame-Id", _PRINTABLE | {"examples": ["17"]}, "Echoed."),
    ("X-Camera-Id", _PRINTABLE | {"examples": ["front"]}, "Echoed; frames to classify take turns by it."),
    (
        "X-Captured-At",
        _TIME | {"examples": ["2026-05-04T10:00:00.120Z", "1777888800120000000"]},
        "RFC 3339 with offset, or nanoseconds since the epoch; echoed.",
    ),
    ("X-Deadline-Ms", {"type": "number", "exclusiveMinimum": 0, "examples": [5000]}, "Relative to receipt."),
)
_PICTURE = {"schema": {"type": "string", "format": "binary"}}


def json_text(*examples: str) -> Schema:
    """The schema of a parameter that is JSON in a string."""
    return TEXT | {"contentMediaType": "application/json", "examples": list(examples)}


def request_with(query: Mapping[str, tuple[Schema, str]]) -> dict[str, Any]:
    """The `openapi_extra` of a route.

    Args:
        query: schema and description of each parameter.
    """
    values = {name: schema for name, (schema, _) in query.items()}
    values |= {name: schema for name, (_, schema, _) in zip(HEADERS, _HEADERS, strict=True)}
    form = {"type": "object", "required": [FRAME_FIELD], "properties": {FRAME_FIELD: _PICTURE["schema"]} | values}
    parameters = [
        {"name": name, "in": "query", "description": what, "schema": schema} for name, (schema, what) in query.items()
    ]
    parameters += [
        {"name": name, "in": "header", "description": what, "schema": schema} for name, schema, what in _HEADERS
    ]
    content = dict.fromkeys(IMAGE_TYPES, _PICTURE) | {FORM_TYPE: {"schema": form}}
    return {"requestBody": {"required": True, "content": content}, "parameters": parameters}
