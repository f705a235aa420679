"""Answers as the protocol's clients expect them: JSON, and of what fails `{"error": text}`.

request --Endpoint--> Response
                      any error: its status and its text, as `problems` would tell it
"""

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import orjson
from fastapi import APIRouter, Request, Response

from roadsight_models.errors import RoadsightError
from roadsight_service.request_log import OURS
from roadsight_service.routes.problems import tell

Endpoint = Callable[[Request], Awaitable[Response]]

log = logging.getLogger(__name__)
MODEL = ("/v2/models/{name}", "/v2/models/{name}/versions/{version}")
_KEPT = ("retry-after", "www-authenticate")


def json(said: object, status: int = HTTPStatus.OK) -> Response:
    """Plain values as an answer."""
    return Response(orjson.dumps(said), status, media_type="application/json")


def which(request: Request) -> tuple[str, str]:
    """Name and version of the model, empty where the path says none."""
    return request.path_params.get("name", ""), request.path_params.get("version", "")


def register(router: APIRouter, method: str, route: Endpoint, *paths: str) -> None:
    """Adds a route. It is not in `/docs`: the protocol has a description of its own."""
    for path in paths:
        router.add_api_route(path, _answered(route), methods=[method], response_model=None, include_in_schema=False)


def _answered(route: Endpoint) -> Endpoint:
    async def answer(request: Request) -> Response:
        try:
            return await route(request)
        except RoadsightError as error:
            told = tell(request.scope, error)
            ours = error.status == HTTPStatus.INTERNAL_SERVER_ERROR
            response = json({"error": OURS if ours else str(error)}, error.status)
            response.headers.update({name: told.headers[name] for name in _KEPT if name in told.headers})
            return response
        except Exception:
            log.exception("%s failed", request.url.path)
            return json({"error": OURS}, HTTPStatus.INTERNAL_SERVER_ERROR)

    return answer
