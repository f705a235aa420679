"""What the protocol says of server, models and repository, and how models are changed in it.

request --key--> OpenInference --> JSON
        Unauthorized, Forbidden   UnknownModel, NotReady; BadTensor, UnknownBundle, LoadUnsupported, ...
"""

import asyncio
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response

from roadsight_models.errors import BadTensor, Draining
from roadsight_service.access import Scope
from roadsight_service.inference_protocol import described
from roadsight_service.inference_protocol.repository import Repository
from roadsight_service.routes.given import Given
from roadsight_service.routes.inference_protocol.answers import MODEL, json, register, which
from roadsight_service.routes.load import short_body
from roadsight_service.routes.state import state_of

router = APIRouter()


async def live(_: Request) -> Response:
    """Says that the event loop turns."""
    return json({"live": True})


async def ready(request: Request) -> Response:
    """Says that there are lanes."""
    state_of(request.scope).protocol.check_ready()
    return json({"ready": True})


async def server(_: Request) -> Response:
    """Says what serves, and which extensions it knows."""
    return json(described.server())


async def model_ready(request: Request) -> Response:
    """Says that a model serves."""
    name, version = which(request)
    state_of(request.scope).protocol.check_model_ready(name, version)
    return json({"name": name, "ready": True})


async def metadata(request: Request) -> Response:
    """Says what goes into a model and comes out."""
    return json(state_of(request.scope).protocol.metadata(*which(request)))


async def configuration(request: Request) -> Response:
    """Says how a model is run."""
    return json(state_of(request.scope).protocol.configuration(*which(request)))


async def statistics(request: Request) -> Response:
    """Says what was asked of a model, or of all, and how long that took."""
    return json(state_of(request.scope).protocol.statistics(*which(request)))


async def index(request: Request) -> Response:
    """Lists every version of every bundle."""
    repository, asked = await _allowed(request, "classify")
    ready = asked.get("ready", False)
    if not isinstance(ready, bool):
        raise BadTensor(f"`ready`: expected true or false, got {str(ready)[:40]!r}")
    return json(await repository.index(ready))


async def load(request: Request) -> Response:
    """Lets the newest version of a bundle serve; needs a key with the scope admin."""
    repository, asked = await _allowed(request, "admin")
    try:
        await repository.load(which(request)[0], asked.get("parameters", {}))
    except asyncio.CancelledError as error:
        raise Draining("the service went down; nothing was loaded") from error
    return json({})


async def unload(request: Request) -> Response:
    """Refuses for what serves; needs a key with the scope admin."""
    repository, asked = await _allowed(request, "admin")
    await repository.unload(which(request)[0], asked.get("parameters", {}))
    return json({})


async def nothing(request: Request) -> Response:
    """Is told to who asks for what is not there: tracing, logging, shared memory."""
    return json({"error": f"{request.method} {request.url.path[:200]} is not offered"}, HTTPStatus.NOT_FOUND)


async def _allowed(request: Request, scope: Scope) -> tuple[Repository, dict[str, Any]]:
    """The repository, for who has a key for it, and the JSON of the request, which may have none."""
    state = state_of(request.scope)
    state.access.check(Given(request.scope).authorization, scope)
    try:
        said = orjson.loads(await short_body(request) or b"{}")
    except orjson.JSONDecodeError as error:
        raise BadTensor(f"the body is no JSON: {error}") from error
    if not isinstance(said, dict) or not isinstance(said.get("parameters", {}), dict):
        raise BadTensor("expected a JSON object, its `parameters` another one")
    return state.protocol.repository, said


register(router, "GET", server, "/v2")
register(router, "GET", live, "/v2/health/live")
register(router, "GET", ready, "/v2/health/ready")
register(router, "GET", statistics, "/v2/models/stats", *(f"{path}/stats" for path in MODEL))
register(router, "GET", model_ready, *(f"{path}/ready" for path in MODEL))
register(router, "GET", configuration, *(f"{path}/config" for path in MODEL))
register(router, "GET", metadata, *MODEL)
register(router, "POST", index, "/v2/repository/index")
register(router, "POST", load, "/v2/repository/models/{name}/load")
register(router, "POST", unload, "/v2/repository/models/{name}/unload")
for each in ("GET", "POST"):
    register(router, each, nothing, "/v2/{rest:path}")
