"""Errors as `application/problem+json` (RFC 9457): one handler for the whole family.

RoadsightError --handler--> status, code, detail, trace_id     (4xx, 503, 504: the error's own words)
anything else  --handler--> 500 internal             (a fixed text; uvicorn logs the traceback)
"""

import json
import logging
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.types import Scope

from roadsight_models.errors import BadRegion, LoadFailed, QueueFull, RoadsightError, Unauthorized, UnknownTask
from roadsight_service.request_log import Problem
from roadsight_service.routes.trace import trace_of, traceparent
from roadsight_service.schemas import ProblemOut

log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
OURS = "something went wrong on our side; the log says what"
TOLD = "roadsight.problem"  # where a request's scope keeps it for the log


def problem(status: int, code: str, detail: str, **members: object) -> Response:
    """Builds the answer for one problem; `members` are extension members of the JSON object."""
    title = HTTPStatus(status).phrase
    body = {"type": f"urn:roadsight:problem:{code}", "title": title, "status": status, "code": code, "detail": detail}
    return Response(json.dumps(body | members), status, media_type=MEDIA_TYPE)


def answer_to(error: RoadsightError, trace: str | None = None) -> Response:
    """Turns an error of the family into its answer; `trace` is the id of the request's trace."""
    traced = {} if trace is None else {"trace_id": trace}
    if error.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("%s: %s", error.code, error, extra={"code": error.code} | traced)
        return problem(error.status, RoadsightError.code, OURS, **traced)
    match error:
        case BadRegion(index=index):
            return problem(error.status, error.code, str(error), index=index, **traced)
        case LoadFailed(reason=reason):
            return problem(error.status, error.code, str(error), reason=reason, **traced)
        case UnknownTask(known=known):
            return problem(error.status, error.code, str(error), tasks=known, **traced)
    response = problem(error.status, error.code, str(error), **traced)
    if isinstance(error, QueueFull):
        response.headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, Unauthorized):
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def tell(scope: Scope, error: Exception) -> Response:
    """Turns what a request ended with into its answer, and leaves it in the scope for the log."""
    if not isinstance(error, RoadsightError):
        return problem(500, RoadsightError.code, OURS)
    if error.status != HTTPStatus.INTERNAL_SERVER_ERROR:
        scope[TOLD] = Problem(error.code, str(error))
    parent = traceparent(scope["headers"])
    return answer_to(error, parent and trace_of(parent))


def install(app: FastAPI) -> None:
    """Registers the handlers; every error that leaves a route passes through here."""

    @app.exception_handler(RoadsightError)
    async def _ours(request: Request, error: RoadsightError) -> Response:
        return tell(request.scope, error)

    @app.exception_handler(HTTPException)
    async def _routing(request: Request, error: HTTPException) -> Response:
        code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
        request.scope[TOLD] = Problem(code, str(error.detail))
        response = problem(error.status_code, code, str(error.detail))
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(Exception)
    async def _unforeseen(request: Request, error: Exception) -> Response:
        return tell(request.scope, error)


def describe(*errors: type[RoadsightError]) -> dict[int | str, dict[str, object]]:
    """The `responses` of a route, for `/docs`: which problems it may answer with."""
    by_status: dict[int | str, list[str]] = {}
    for error in errors:
        by_status.setdefault(error.status, []).append(error.code)
    return {
        status: {"description": ", ".join(codes), "content": {MEDIA_TYPE: {"schema": ProblemOut.model_json_schema()}}}
        for status, codes in by_status.items()
    }
