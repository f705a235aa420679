"""`POST /v1/robustness`: one frame, one region, one budget in; a verdict out.

request --intake--> body, fields --question--> Question --checks--> Finding --> JSON

The route is there only where the settings want it: it competes with live frames, and tells an attacker what works.
"""

import base64
from time import monotonic
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response

from roadsight_models import errors
from roadsight_models.judgement import Judgement
from roadsight_models.robustness.certificate import Smoothing
from roadsight_models.robustness.epsilons import PATTERN
from roadsight_models.robustness.names import NORMS
from roadsight_service.metrics import Clock
from roadsight_service.robustness.question import Finding
from roadsight_service.robustness.schemas import CheckOut
from roadsight_service.room import ClientGone
from roadsight_service.routes import ask as asking
from roadsight_service.routes.documents import FLAG, TEXT, WHOLE, json_text, request_with
from roadsight_service.routes.given import Given
from roadsight_service.routes.problems import describe
from roadsight_service.routes.question import MAX_SEED, NAMES, question
from roadsight_service.routes.rendering import frame
from roadsight_service.routes.state import state_of
from roadsight_service.routes.waiting import CLIENT_CLOSED_REQUEST, telling, unless_gone
from roadsight_service.tracing import SPENT

_PROBLEMS = describe(
    errors.BadImage, errors.Unauthorized, errors.Forbidden, errors.UnknownTask, errors.UnknownVersion,
    errors.TooLarge, errors.UnsupportedMediaType, errors.BadRegion, errors.BadParameter, errors.QueueFull,
    errors.NotReady, errors.Draining, errors.DeadlineMissed,
)  # fmt: skip
_USUAL = Smoothing()
_EPSILON = TEXT | {"pattern": PATTERN, "examples": ["8/255", "0.031"]}
_QUERY: dict[str, tuple[dict[str, Any], str]] = {
    "task": (TEXT, "Whose answer; must be named where several tasks are served."),
    "version": (TEXT, "Must be the one that serves, when the check begins, too; that one by default."),
    "region": (json_text("[600,210,664,276]"), "JSON [x1,y1,x2,y2] in pixels; the whole frame by default."),
    "attack": (TEXT | {"enum": list(NAMES)}, "quick by default: FGSM, then 10 steps of PGD; certify proves."),
    "epsilon": (_EPSILON, "How far, as 8/255 or 0.031, in pixel units of [0, 1]; 8/255 by default in linf."),
    "norm": (TEXT | {"enum": list(NORMS)}, "By which measure; linf by default."),
    "steps": (WHOLE, "Of each restart; the attack has its own number."),
    "restarts": (WHOLE, "From other random starts; 1 by default."),
    "target": (TEXT, "What it is to be taken for; any other class by default."),
    "search": (FLAG, "Look for the smallest epsilon, by bisection."),
    "image": (FLAG, "Return the picture that broke it."),
    "sigma": (_EPSILON, f"Of certify: standard deviation of the noise, as epsilon; {_USUAL.sigma} by default."),
    "n": (WHOLE, f"Of certify: noisy pictures that vote; {_USUAL.n} by default."),
    "label": (TEXT, "The true class, by name or number; what the model says by default."),
    "seed": (WHOLE | {"minimum": 0, "maximum": MAX_SEED}, "The same seed, the same pictures; 0 by default."),
}

PATH = "/v1/robustness"
router = APIRouter()


@router.post(PATH, response_model=CheckOut, responses=_PROBLEMS, openapi_extra=request_with(_QUERY))
async def robustness(request: Request) -> Response:
    """Says how easily the answer for a region is bent, as far as these attacks can tell."""
    state, clock, received = state_of(request.scope), Clock(), monotonic()
    settings, checks = state.settings, state.checks
    request.scope[SPENT] = clock.spent
    assert checks is not None, "the route is there only with them"
    try:
        with telling(checks.metrics.count):
            given = Given(request.scope)
            state.access.check(given.authorization, "robustness")
            until = asking.deadline(received, given, settings, settings.robustness_deadline_ms)
            async with state.intake.body(request, until, clock) as (body, fields):
                if fields:
                    given = Given(request.scope, fields)
                    until = asking.deadline(received, given, settings, settings.robustness_deadline_ms)
                said = asking.said(given)
                finding = await unless_gone(request.scope, checks.check(body, question(given, until, settings), clock))
        return Response(_render(said, finding, clock), media_type="application/json")
    except ClientGone:
        return Response(status_code=CLIENT_CLOSED_REQUEST)


def _render(said: asking.Said, finding: Finding, clock: Clock) -> bytes:
    """The JSON of a `CheckOut`."""
    answer = {
        "frame": frame(said, finding.width, finding.height),
        "region": list(finding.region),
        "task": finding.task,
        "version": finding.version,
        "verdict": finding.verdict,
        "clean": _result(finding, finding.clean),
        "adversarial": finding.adversarial and _result(finding, finding.adversarial),
        "distance": finding.distance,
        "epsilon": finding.epsilon,
        "certificate": finding.certificate,
        "spent": finding.spent,
        "image": finding.png and base64.b64encode(finding.png).decode(),
        "timings_ms": clock.milliseconds(),
    }
    return orjson.dumps(answer)


def _result(finding: Finding, judgement: Judgement) -> dict[str, object]:
    """A `ResultOut`."""
    return {"task": finding.task, "version": finding.version} | vars(judgement)
