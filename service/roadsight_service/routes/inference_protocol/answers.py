"""Answers as the protocol's clients expect them: JSON, and of what fails `{"error": text}`.

request --Endpoint--> Response
                      any error: its status and its text, as `problems` would tell it
no Endpoint --problems--> 404, 405: its status and its text
"""

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import orjson
from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from roadsight_models.errors import RoadsightError
from roadsight_service.request_log import OURS
from roadsight_service.routes.problems import answer_to, tell, tell_routing

Endpoint = Callable[[Request], Awaitable[Response]]

log = logging.getLogger(__name__)
ROOT = "/v2"
MODEL = (f"{ROOT}/models/{{name}}", f"{ROOT}/models/{{name}}/versions/{{version}}")
_KEPT = ("retry-after", "www-authenticate", "allow")


def json(said: object, status: int = HTTPStatus.OK) -> Response:
    """Plain values as an answer."""
    return Response(orjson.dumps(said), status, media_type="application/json")


def which(request: Request) -> tuple[str, str]:
    """Name and version of the model, empty where the path says none."""
    return request.path_params.get("name", ""), request.path_params.get("version", "")


def refusal(error: RoadsightError) -> Response:
    """Turns an error of the family into its answer; for `/docs`: nothing is noted of it."""
    return _worded(str(error), answer_to(error))


def answered(route: Endpoint) -> Endpoint:
    """A route whose errors are told in the protocol's words."""

    async def answer(request: Request) -> Response:
        try:
            return await route(request)
        except RoadsightError as error:
            ours = error.status == HTTPStatus.INTERNAL_SERVER_ERROR
            return _worded(OURS if ours else str(error), tell(request.scope, error))
        except Exception:
            log.exception("%s failed", request.scope["path"])
            return json({"error": OURS}, HTTPStatus.INTERNAL_SERVER_ERROR)

    return answer


def install(app: FastAPI) -> None:
    """Has what is not there told in the protocol's words, too: tracing, logging, shared memory, other methods."""

    @app.exception_handler(HTTPException)
    async def _routing(request: Request, error: HTTPException) -> Response:
        told, path = tell_routing(request.scope, error), request.scope["path"]
        if not f"{path}/".startswith(f"{ROOT}/"):
            return told
        return _worded(f"{request.method} {path[:200]}: {error.detail}", told)


def _worded(text: str, told: Response) -> Response:
    """The same answer, in the protocol's words."""
    response = json({"error": text}, told.status_code)
    response.headers.update({name: told.headers[name] for name in _KEPT if name in told.headers})
    return response
