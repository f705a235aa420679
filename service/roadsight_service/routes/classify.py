"""`POST /v1/classify`: one frame in, probabilities per region out.

request --intake--> body, fields --ask--> Ask --pipeline--> Answer --> JSON
"""

from time import monotonic
from typing import Any

from fastapi import APIRouter, Request, Response

from roadsight_models import errors
from roadsight_service.metrics import Clock
from roadsight_service.room import ClientGone
from roadsight_service.routes import ask as asking
from roadsight_service.routes.documents import request_with
from roadsight_service.routes.given import Given
from roadsight_service.routes.problems import describe
from roadsight_service.routes.rendering import classified
from roadsight_service.routes.state import state_of
from roadsight_service.routes.waiting import CLIENT_CLOSED_REQUEST, telling, unless_gone
from roadsight_service.schemas import AnswerOut
from roadsight_service.tracing import SPENT

_PROBLEMS = describe(
    errors.BadImage, errors.UnknownTask, errors.UnknownVersion, errors.TooLarge, errors.UnsupportedMediaType,
    errors.BadRegion, errors.BadParameter, errors.QueueFull, errors.NotReady, errors.Draining, errors.DeadlineMissed,
    errors.Unauthorized, errors.Forbidden,
)  # fmt: skip
_QUERY: dict[str, tuple[dict[str, Any], str]] = {
    "task": ({"type": "array", "items": {"type": "string"}}, "Repeatable; every task loaded by default."),
    "regions": ({"type": "string"}, "JSON [[x1,y1,x2,y2],...] in pixels; the whole frame by default."),
    "top": ({"type": "integer"}, "How many classes to name; 5 by default, 0 for all."),
    "version": ({"type": "string"}, "The version that must answer."),
    "suspicion": ({"type": "boolean"}, "Say how far each answer hangs on detail, at three times the inference."),
}

PATH = "/v1/classify"
router = APIRouter()


@router.post(PATH, response_model=AnswerOut, responses=_PROBLEMS, openapi_extra=request_with(_QUERY))
async def classify(request: Request) -> Response:
    """Says which traffic sign or road object each region of a frame shows."""
    state = state_of(request)
    clock, received = Clock(), monotonic()
    request.scope[SPENT] = clock.spent
    try:
        with telling(state.metrics.dropped):
            given = Given(request)
            state.access.check(given.authorization, "classify")
            until = asking.deadline(received, given, state.settings)
            if given.is_all_in_head and given.keeps_alive:  # told before the body is read
                state.pipeline.check(asking.camera(given), until)
            async with state.intake.body(request, until, clock) as (body, fields):
                if fields:
                    given = Given(request, fields)
                    until = asking.deadline(received, given, state.settings)
                said = asking.said(given)
                ask = asking.ask(given, until, state.settings)
                answer = await unless_gone(request, state.pipeline.classify(body, ask, clock))
            state.metrics.pictures.answered(answer.seen.quality, said.camera_id, said.captured)
            return Response(classified(said, answer, clock), media_type="application/json")
    except ClientGone:
        return Response(status_code=CLIENT_CLOSED_REQUEST)
    finally:
        clock.observe(state.metrics)
