"""`POST /v1/classify`: one frame in, probabilities per region out.

request --intake--> body, fields --ask--> Ask --pipeline--> Answer --> JSON
"""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect

from roadsight_models import errors
from roadsight_models.probabilities import Judgement
from roadsight_models.session import Session
from roadsight_service.metrics import Clock, Metrics
from roadsight_service.pipeline import Answer
from roadsight_service.routes import ask as asking
from roadsight_service.routes.intake import FORM_TYPE, FRAME_FIELD, IMAGE_TYPES
from roadsight_service.routes.problems import describe
from roadsight_service.routes.state import state_of
from roadsight_service.schemas import AnswerOut
from roadsight_service.work import ClientGone

CLIENT_CLOSED_REQUEST = 499  # nginx's status for a client that hung up; nobody receives it, the metrics count it
_PROBLEMS = describe(
    errors.BadImage, errors.UnknownTask, errors.UnknownVersion, errors.TooLarge, errors.UnsupportedMediaType,
    errors.BadRegion, errors.BadParameter, errors.QueueFull, errors.NotReady, errors.Draining, errors.DeadlineMissed,
)  # fmt: skip
_PARAMETERS = (
    ("task", "query", {"type": "array", "items": {"type": "string"}}, "Repeatable; every task loaded by default."),
    ("regions", "query", {"type": "string"}, "JSON [[x1,y1,x2,y2],...] in pixels; the whole frame by default."),
    ("top", "query", {"type": "integer"}, "How many classes to name; 5 by default, 0 for all."),
    ("version", "query", {"type": "string"}, "The version that must answer."),
    ("X-Frame-Id", "header", {"type": "string"}, "Echoed."),
    ("X-Camera-Id", "header", {"type": "string"}, "Echoed; cameras take turns in the queue."),
    ("X-Captured-At", "header", {"type": "string"}, "RFC 3339 with offset, or nanoseconds since the epoch; echoed."),
    ("X-Deadline-Ms", "header", {"type": "number"}, "Relative to receipt."),
)
_PICTURE = {"schema": {"type": "string", "format": "binary"}}
_FORM = {
    "schema": {
        "type": "object",
        "required": [FRAME_FIELD],
        "properties": {FRAME_FIELD: _PICTURE["schema"]}
        | {name: {"type": "string"} for name in (*asking.QUERY, *asking.HEADERS)},
    }
}
_OPENAPI: dict[str, Any] = {
    "requestBody": {"required": True, "content": dict.fromkeys(IMAGE_TYPES, _PICTURE) | {FORM_TYPE: _FORM}},
    "parameters": [
        {"name": name, "in": where, "description": what, "schema": schema} for name, where, schema, what in _PARAMETERS
    ],
}


PATH = "/v1/classify"
router = APIRouter()


@router.post(PATH, response_model=AnswerOut, responses=_PROBLEMS, openapi_extra=_OPENAPI)
async def classify(request: Request) -> Response:
    """Says which traffic sign or road object each region of a frame shows."""
    state = state_of(request)
    clock, received = Clock(), monotonic()
    try:
        with _counting_drops(state.metrics):
            given = asking.Given(request)
            until = asking.deadline(received, given, state.settings)
            if given.is_all_in_head and given.keeps_alive:  # told before the body is read
                state.pipeline.check(asking.camera(given), until)
            async with state.intake.body(request, until, clock) as (body, fields):
                if fields:
                    given = asking.Given(request, fields)
                    until = asking.deadline(received, given, state.settings)
                said = asking.said(given)
                ask = asking.ask(given, until, state.settings)
                answer = await _unless_gone(request, state.pipeline.classify(body, ask, clock))
            return Response(_render(said, answer, clock), media_type="application/json")
    except ClientGone:
        return Response(status_code=CLIENT_CLOSED_REQUEST)
    finally:
        clock.observe(state.metrics)


@contextmanager
def _counting_drops(metrics: Metrics) -> Iterator[None]:
    """Counts a frame that is given up in the block, by why."""
    try:
        yield
    except (errors.DeadlineMissed, errors.QueueFull, errors.Draining) as error:
        metrics.dropped.labels(error.code).inc()
        raise
    except (ClientDisconnect, ClientGone) as error:
        metrics.dropped.labels("client_gone").inc()
        raise ClientGone from error
    except asyncio.CancelledError as error:  # the server cancels what is left when the time to drain is up
        metrics.dropped.labels(errors.Draining.code).inc()
        raise errors.Draining("the service went down before the answer was ready") from error


async def _unless_gone(request: Request, work: Coroutine[Any, Any, Answer]) -> Answer:
    """Awaits the work, but cancels it when the client hangs up."""
    task, waits = asyncio.current_task(), True
    assert task is not None, "a route runs in a task"

    def leave(_: "asyncio.Task[None]") -> None:
        if waits:
            task.cancel()

    gone = asyncio.ensure_future(_gone(request))
    gone.add_done_callback(leave)
    try:
        return await work
    except asyncio.CancelledError as error:
        if not gone.done():  # the server stops
            raise
        task.uncancel()
        raise ClientGone from error
    finally:
        waits = False
        gone.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        continue


def _render(said: asking.Said, answer: Answer, clock: Clock) -> bytes:
    """The JSON of an `AnswerOut`. Building and validating the model itself would take five times as long."""
    regions = [
        {
            "box": list(region.box),
            "track": region.track,
            "results": [_result(s, j) for s, j in zip(answer.sessions, judgements, strict=True)],
        }
        for region, judgements in zip(answer.regions, answer.judgements, strict=True)
    ]
    frame = {
        "id": said.frame_id,
        "camera": said.camera_id,
        "captured_at": said.captured_at,
        "width": answer.width,
        "height": answer.height,
    }
    return orjson.dumps({"frame": frame, "regions": regions, "timings_ms": clock.milliseconds()})


def _result(session: Session, judgement: Judgement) -> dict[str, object]:
    return {
        "task": session.manifest.task,
        "version": session.manifest.version,
        "status": judgement.status,
        "reason": judgement.reason,
        "predictions": judgement.predictions,
    }
