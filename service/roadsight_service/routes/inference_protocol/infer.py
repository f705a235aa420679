"""`POST /v2/models/{name}/infer`: tensors in, tensors out.

request --intake--> body --inflated, read--> Asked --OpenInference--> Answered --written--> JSON, tensors behind it
        TooLarge         BadTensor, TooLarge         UnknownModel, BadTensor, DeadlineMissed, ...
        QueueFull        UnsupportedMediaType
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

from fastapi import APIRouter, Request, Response

from roadsight_models import errors
from roadsight_models.errors import BadTensor
from roadsight_service.inference_protocol.body import read, written
from roadsight_service.inference_protocol.inflating import check_encoding, inflated
from roadsight_service.metrics import Clock
from roadsight_service.room import ClientGone
from roadsight_service.routes import ask as asking
from roadsight_service.routes.given import Given
from roadsight_service.routes.inference_protocol import examples
from roadsight_service.routes.inference_protocol.answers import MODEL, which
from roadsight_service.routes.inference_protocol.documents import BINARY, JSON, reference, register
from roadsight_service.routes.state import State, state_of
from roadsight_service.routes.waiting import CLIENT_CLOSED_REQUEST, telling, unless_gone
from roadsight_service.tracing import SPENT

JSON_LENGTH = "Inference-Header-Content-Length"
_LENGTH = {"type": "integer", "minimum": 0, "maximum": 10**12 - 1}
_HEADERS = {
    JSON_LENGTH: (_LENGTH, "How many bytes of the body are JSON, where tensors stand behind it; all by default."),
    "X-Camera-Id": ({"type": "string", "examples": ["front"]}, "Whose turn the request takes; its host's by default."),
    "Content-Encoding": ({"type": "string", "enum": ["gzip", "deflate", "identity"]}, "How the body is compressed."),
}
_BYTES = {"type": "string", "format": "binary"}
_REQUEST = {
    "parameters": [
        {"name": name, "in": "header", "schema": schema, "description": what}
        for name, (schema, what) in _HEADERS.items()
    ],
    "requestBody": {
        "required": True,
        "description": f"JSON; or, as `{BINARY}`, JSON in which inputs have the parameter `binary_data_size` instead "
        f"of `data`, and behind it their bytes in order: then the header {JSON_LENGTH} says where they begin.",
        "content": {
            JSON: {"schema": reference("InferenceIn"), "example": examples.REQUEST},
            BINARY: {"schema": _BYTES},
        },
    },
}
_ANSWER = {
    "headers": {JSON_LENGTH: {"schema": _LENGTH, "description": f"Of `{BINARY}` alone."}},
    "content": {JSON: {"schema": reference("InferenceOut")}, BINARY: {"schema": _BYTES, "example": examples.BINARY}},
}
_ERRORS = (
    errors.BadTensor, errors.BadImage, errors.Unauthorized, errors.Forbidden, errors.UnknownModel, errors.TooLarge,
    errors.UnsupportedMediaType, errors.QueueFull, errors.NotReady, errors.Draining, errors.DeadlineMissed,
)  # fmt: skip
router = APIRouter()


async def infer(request: Request) -> Response:
    """Runs a model: tensors in, tensors out; tensors of the answer stand behind its JSON where that was asked for."""
    state, clock, received = state_of(request.scope), Clock(), monotonic()
    request.scope[SPENT] = clock.spent
    try:
        with telling(state.metrics.dropped):
            given = Given(request.scope)
            state.access.check(given.authorization, "classify")
            async with _body(request, state, received, clock) as body:
                asked = read(body, _json_length(request), *which(request))
                work = state.protocol.infer(asked.asked, asking.camera(given), received, clock)
                said, json_bytes = written(asked, await unless_gone(request.scope, work))
    except ClientGone:
        return Response(status_code=CLIENT_CLOSED_REQUEST)
    finally:
        clock.observe(state.metrics)
    if json_bytes is None:
        return Response(said, media_type="application/json")
    return Response(said, headers={JSON_LENGTH: str(json_bytes)}, media_type="application/octet-stream")


@asynccontextmanager
async def _body(request: Request, state: State, received: float, clock: Clock) -> AsyncIterator[bytes]:
    """The body as it was before it was compressed; its bytes count as held until the block ends."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    check_encoding(encoding)
    until = received + state.settings.default_deadline_ms / 1e3
    async with state.intake.body(request, until, clock, any_kind=True) as (body, _):
        if encoding == "identity":
            yield body
            return
        grown = await asyncio.to_thread(inflated, body, encoding, state.settings.max_body_bytes)
        with state.intake.hold(len(grown)):
            yield grown


def _json_length(request: Request) -> int | None:
    text = request.headers.get(JSON_LENGTH)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 12):
        raise BadTensor(f"{JSON_LENGTH}: expected a number of bytes, got {text[:40]!r}")
    return int(text)


register(router, "POST", infer, *(f"{path}/infer" for path in MODEL), answer=_ANSWER, errors=_ERRORS, request=_REQUEST)
