"""The protocol's routes, and what `/docs` says of each: what it takes, what it answers, how it fails.

route --register--> FastAPI --specification.complete--> schemas beside them
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Response
from pydantic.json_schema import models_json_schema

from roadsight_models.errors import RoadsightError
from roadsight_service.routes.documents import TEXT, Schema
from roadsight_service.routes.inference_protocol.answers import Endpoint, answered, refusal
from roadsight_service.routes.problems import describe

JSON, BINARY = "application/json", "application/octet-stream"
_COMPONENT = "#/components/schemas/{model}"
_PARAMETERS = {
    "name": {
        "name": "name",
        "in": "path",
        "required": True,
        "schema": TEXT | {"maxLength": 69, "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "examples": ["traffic-sign-jpeg"]},
        "description": "Of the model: that of its bundle, `-jpeg` behind it for pictures.",
    },
    "version": {
        "name": "version",
        "in": "path",
        "required": True,
        "schema": TEXT | {"pattern": r"^(0|[1-9]\d{0,5})(\.(0|[1-9]\d{0,5})){2}$", "examples": ["1.1.0"]},
        "description": "That must answer.",
    },
}


def reference(name: str) -> dict[str, str]:
    """The schema of this name, one of those of `schemas`."""
    return {"$ref": _COMPONENT.format(model=name)}


def in_json(form: Schema) -> dict[str, Any]:
    """What is said of a body in JSON of this form."""
    return {"content": {JSON: {"schema": form}}}


def register(
    router: APIRouter,
    method: str,
    route: Endpoint,
    *paths: str,
    answer: dict[str, Any],
    errors: Sequence[type[RoadsightError]] = (),
    request: Mapping[str, Any] | None = None,
) -> None:
    """Adds a route.

    Args:
        router: gets it.
        method: of HTTP.
        route: answers; its errors are told in the protocol's words.
        paths: of it.
        answer: what `/docs` says of one that is good.
        errors: that a request may be told.
        request: what `/docs` says of its headers and body.
    """
    responses = {200: answer} | describe(*errors, answer=refusal, form=reference("ErrorOut"))
    asked = request or {}
    for path in paths:
        in_path = [_PARAMETERS[name] for name in re.findall(r"{(\w+)}", path)]
        router.add_api_route(
            path,
            answered(route),
            methods=[method],
            name=route.__name__,
            description=route.__doc__,
            response_model=None,
            response_class=Response,
            responses=responses,
            openapi_extra={**asked, "parameters": [*in_path, *asked.get("parameters", ())]},
        )


def schemas() -> dict[str, Any]:
    """The schemas that `reference` names; made when `/docs` is asked for, since nothing else needs them."""
    from roadsight_service.inference_protocol.answer_schemas import ANSWERS  # noqa: PLC0415
    from roadsight_service.inference_protocol.request_schemas import REQUESTS  # noqa: PLC0415

    _, made = models_json_schema([(form, "validation") for form in (*ANSWERS, *REQUESTS)], ref_template=_COMPONENT)
    return dict(made["$defs"])
