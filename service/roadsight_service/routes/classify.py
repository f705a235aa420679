"""`POST /v1/classify`: one frame in, probabilities per region out.

head --enter--> Entry
request --intake--> body, fields --ask--> Ask --pipeline--> Answer --> JSON
"""

from time import monotonic
from typing import Any, NamedTuple

from fastapi import APIRouter, Request, Response
from starlette.types import Scope

from roadsight_models import errors
from roadsight_models.errors import RoadsightError
from roadsight_service.metrics import Clock
from roadsight_service.room import ClientGone
from roadsight_service.routes import ask as asking
from roadsight_service.routes.documents import FLAG, TEXT, WHOLE, json_text, request_with
from roadsight_service.routes.given import Given
from roadsight_service.routes.problems import describe
from roadsight_service.routes.rendering import classified
from roadsight_service.routes.state import State, state_of
from roadsight_service.routes.waiting import CLIENT_CLOSED_REQUEST, telling, unless_gone
from roadsight_service.schemas import AnswerOut
from roadsight_service.tracing import SPENT

_PROBLEMS = describe(
    errors.BadImage, errors.UnknownTask, errors.UnknownVersion, errors.TooLarge, errors.UnsupportedMediaType,
    errors.BadRegion, errors.BadParameter, errors.QueueFull, errors.NotReady, errors.Draining, errors.DeadlineMissed,
    errors.Unauthorized, errors.Forbidden,
)  # fmt: skip
_QUERY: dict[str, tuple[dict[str, Any], str]] = {
    "task": ({"type": "array", "items": TEXT}, "Repeatable; every task loaded by default."),
    "regions": (
        json_text("[[600,210,664,276]]", '[{"box":[600,210,664,276],"track":"7"}]'),
        "JSON [[x1,y1,x2,y2],...] in pixels, each track once; the whole frame by default.",
    ),
    "top": (WHOLE | {"minimum": 0, "maximum": 999_999}, "How many classes to name; 5 by default, 0 for all."),
    "version": (TEXT, "The version that must answer."),
    "suspicion": (FLAG, "Say how far each answer hangs on detail, at three times the inference."),
}

PATH = "/v1/classify"
_ENTRY = "roadsight.entry"  # where a request's scope keeps it
router = APIRouter()


class Entry(NamedTuple):
    """A frame that was let in by its head."""

    state: State
    given: Given
    received: float  # on the monotonic clock, as its deadline
    until: float
    clock: Clock


def enter(scope: Scope) -> Entry:
    """Lets a frame in, before its body is read; once, however often it is asked.

    Raises:
        NotReady, Unauthorized, Forbidden, BadParameter: see where each part is read.
        QueueFull: an answer would be too late.
    """
    if _ENTRY not in scope:
        state, clock, received = state_of(scope), Clock(), monotonic()
        try:
            given = Given(scope)
            state.access.check(given.authorization, "classify")
            until = asking.deadline(received, given, state.settings)
            if given.is_all_in_head and given.keeps_alive:
                state.pipeline.check(asking.camera(given), until)
        except RoadsightError as error:
            state.metrics.dropped(error.code)
            clock.observe(state.metrics)
            raise
        scope[_ENTRY], scope[SPENT] = Entry(state, given, received, until, clock), clock.spent
    entry: Entry = scope[_ENTRY]
    return entry


@router.post(PATH, response_model=AnswerOut, responses=_PROBLEMS, openapi_extra=request_with(_QUERY))
async def classify(request: Request) -> Response:
    """Says which traffic sign or road object each region of a frame shows."""
    state, given, received, until, clock = enter(request.scope)
    try:
        with telling(state.metrics.dropped):
            async with state.intake.body(request, until, clock) as (body, fields):
                if fields:
                    given = Given(request.scope, fields)
                    until = asking.deadline(received, given, state.settings)
                said = asking.said(given)
                ask = asking.ask(given, until, state.settings)
                answer = await unless_gone(request.scope, state.pipeline.classify(body, ask, clock))
            state.metrics.pictures.answered(answer.seen.quality, said.camera_id, said.captured)
            answer = state.tracks.follow(answer, ask, said.captured)
            return Response(classified(said, answer, clock), media_type="application/json")
    except ClientGone:
        return Response(status_code=CLIENT_CLOSED_REQUEST)
    finally:
        clock.observe(state.metrics)
