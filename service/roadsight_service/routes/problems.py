"""Errors as `application/problem+json` (RFC 9457): one handler for the whole family.

RoadsightError --handler--> status, code, detail, trace_id     (4xx, 503, 504: the error's own words)
a client gone  --handler--> 499              (nobody receives it; metrics count it)
anything else  --handler--> 500 internal             (a fixed text; uvicorn logs the traceback)
"""

import json
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import Scope

from roadsight_models.errors import BadRegion, LoadFailed, QueueFull, RoadsightError, Unauthorized, UnknownTask
from roadsight_service.request_log import OURS, Problem
from roadsight_service.routes import examples
from roadsight_service.routes.waiting import CLIENT_CLOSED_REQUEST
from roadsight_service.trace import trace_of, traceparent

log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
REFERENCE = {"$ref": "#/components/schemas/ProblemOut"}  # `specification` has it
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


def tell_routing(scope: Scope, error: HTTPException) -> Response:
    """Turns what no route takes into its answer, and leaves it in the scope for the log."""
    code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
    scope[TOLD] = Problem(code, str(error.detail))
    response = problem(error.status_code, code, str(error.detail))
    response.headers.update(error.headers or {})
    return response


def install(app: FastAPI) -> None:
    """Registers the handlers: every error that leaves a route passes through here, and what no route takes elsewhere.

    See `inference_protocol.answers.install`.
    """

    @app.exception_handler(RoadsightError)
    async def _ours(request: Request, error: RoadsightError) -> Response:
        return tell(request.scope, error)

    @app.exception_handler(ClientDisconnect)
    async def _gone(request: Request, error: ClientDisconnect) -> Response:
        return Response(status_code=CLIENT_CLOSED_REQUEST)

    @app.exception_handler(Exception)
    async def _unforeseen(request: Request, error: Exception) -> Response:
        return tell(request.scope, error)


def describe(
    *kinds: type[RoadsightError],
    answer: Callable[[RoadsightError], Response] = answer_to,
    form: dict[str, str] = REFERENCE,
) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route, for `/docs`: which problems it may answer with, each as it would be sent.

    Args:
        kinds: of problems.
        answer: how the route turns them into answers.
        form: the schema of these.
    """
    by_status: dict[int | str, list[type[RoadsightError]]] = {}
    for kind in kinds:
        by_status.setdefault(kind.status, []).append(kind)
    return {
        status: _described({kind.code: answer(examples.PROBLEMS[kind]) for kind in alike}, form)
        for status, alike in by_status.items()
    }


def _described(answers: dict[str, Response], form: dict[str, str]) -> dict[str, Any]:
    told = {code: {"value": json.loads(bytes(answer.body))} for code, answer in answers.items()}
    headers = {
        name: {"required": True, "schema": {"type": "string"}, "example": value}
        for answer in answers.values()
        for name, value in answer.headers.items()
        if not name.startswith("content-")
    }
    content = {answer.media_type: {"schema": form, "examples": told} for answer in answers.values()}
    return {"description": ", ".join(answers), "headers": headers, "content": content}
