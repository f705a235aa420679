"""What the protocol says of server, models and repository, and how models are changed in it.

request --key--> OpenInference --> JSON
        Unauthorized, Forbidden   UnknownModel, NotReady; BadTensor, UnknownBundle, LoadUnsupported, ...
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response

from roadsight_models import errors
from roadsight_models.errors import BadTensor, Draining, RoadsightError
from roadsight_service.access import Scope
from roadsight_service.inference_protocol import described
from roadsight_service.inference_protocol.asked import check_names
from roadsight_service.inference_protocol.repository import Repository
from roadsight_service.routes.documents import Schema
from roadsight_service.routes.given import Given
from roadsight_service.routes.inference_protocol.answers import MODEL, Endpoint, json, which
from roadsight_service.routes.inference_protocol.documents import in_json, reference, register
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
    repository, asked = await _allowed(request, "classify", "ready")
    ready = asked.get("ready", False)
    if not isinstance(ready, bool):
        raise BadTensor(f"`ready`: expected true or false, got {str(ready)[:40]!r}")
    return json(await repository.index(ready))


async def load(request: Request) -> Response:
    """Lets the newest version of a bundle serve; needs a key with the scope admin."""
    repository, asked = await _allowed(request, "admin", "parameters")
    try:
        await repository.load(which(request)[0], asked.get("parameters", {}))
    except asyncio.CancelledError as error:
        raise Draining("the service went down; nothing was loaded") from error
    return json({})


async def unload(request: Request) -> Response:
    """Refuses for what serves; needs a key with the scope admin."""
    repository, asked = await _allowed(request, "admin", "parameters")
    await repository.unload(which(request)[0], asked.get("parameters", {}))
    return json({})


async def _allowed(request: Request, scope: Scope, known: str) -> tuple[Repository, dict[str, Any]]:
    """The repository, for who has a key for it, and the JSON of the request, which may have none."""
    state = state_of(request.scope)
    state.access.check(Given(request.scope).authorization, scope)
    try:
        said = orjson.loads(await short_body(request) or b"{}")
    except orjson.JSONDecodeError as error:
        raise BadTensor(f"the body is no JSON: {error}") from error
    if not isinstance(said, dict) or not isinstance(said.get("parameters", {}), dict):
        raise BadTensor("expected a JSON object, its `parameters` another one")
    check_names(said, (known,), "the body")
    return state.protocol.repository, said


_LITTLE = (
    errors.BadTensor, errors.Unauthorized, errors.Forbidden, errors.TooLarge, errors.NotReady, errors.DeadlineMissed
)  # fmt: skip
_LOAD = (
    *_LITTLE, errors.UnknownTask, errors.UnknownBundle, errors.LoadInProgress, errors.LoadUnsupported,
    errors.LoadFailed, errors.Draining,
)  # fmt: skip
_UNLOAD = (*_LITTLE, errors.UnknownBundle, errors.LoadUnsupported)
_OF_MODEL = (errors.UnknownModel, errors.NotReady)


def _get(route: Endpoint, form: str, *paths: str, fails: Sequence[type[RoadsightError]] = ()) -> None:
    register(router, "GET", route, *paths, answer=in_json(reference(form)), errors=fails)


def _post(route: Endpoint, asked: str, path: str, answer: Schema, fails: Sequence[type[RoadsightError]]) -> None:
    body = {"requestBody": in_json(reference(asked))}
    register(router, "POST", route, path, answer=in_json(answer), errors=fails, request=body)


_get(server, "ServerOut", "/v2")
_get(live, "LiveOut", "/v2/health/live")
_get(ready, "ServerReadyOut", "/v2/health/ready", fails=[errors.NotReady])
_get(statistics, "StatisticsOut", "/v2/models/stats", fails=[errors.NotReady])
_get(statistics, "StatisticsOut", *(f"{path}/stats" for path in MODEL), fails=_OF_MODEL)
_get(model_ready, "ModelReadyOut", *(f"{path}/ready" for path in MODEL), fails=_OF_MODEL)
_get(configuration, "ConfigurationOut", *(f"{path}/config" for path in MODEL), fails=_OF_MODEL)
_get(metadata, "MetadataOut", *MODEL, fails=_OF_MODEL)
_post(index, "RepositoryIndexIn", "/v2/repository/index", {"type": "array", "items": reference("IndexedOut")}, _LITTLE)
_post(load, "RepositoryLoadIn", "/v2/repository/models/{name}/load", reference("NothingOut"), _LOAD)
_post(unload, "RepositoryUnloadIn", "/v2/repository/models/{name}/unload", reference("NothingOut"), _UNLOAD)
