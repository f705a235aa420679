"""`POST /v1/models/{task}/load`: another bundle for a task, while the service runs.

request --key--> body --LoadIn--> Loader --> what serves now
        Unauthorized     BadParameter  LoadFailed, LoadInProgress, LoadUnsupported, UnknownBundle, UnknownTask
        Forbidden        TooLarge, DeadlineMissed
"""

import asyncio

from fastapi import APIRouter, Request
from pydantic import ValidationError

from roadsight_models import errors
from roadsight_service.loading.loader import Loaded
from roadsight_service.loading.schemas import ComparedOut, LoadedOut, LoadIn
from roadsight_service.routes.given import Given
from roadsight_service.routes.problems import describe
from roadsight_service.routes.state import state_of

MOST_BYTES = 4096
BODY_S = 5.0
_PROBLEMS = describe(
    errors.Unauthorized, errors.Forbidden, errors.UnknownTask, errors.UnknownBundle, errors.LoadInProgress,
    errors.LoadUnsupported, errors.TooLarge, errors.BadParameter, errors.LoadFailed, errors.NotReady, errors.Draining,
    errors.DeadlineMissed,
)  # fmt: skip
_BODY = {"requestBody": {"content": {"application/json": {"schema": LoadIn.model_json_schema()}}}}

router = APIRouter()


@router.post("/v1/models/{task}/load", responses=_PROBLEMS, openapi_extra=_BODY)
async def load(task: str, request: Request) -> LoadedOut:
    """Lets another bundle serve a task, once it is warm; needs a key with the scope admin."""
    state = state_of(request.scope)
    state.access.check(Given(request.scope).authorization, "admin")
    asked = _read(await short_body(request))
    try:
        loaded = await state.loader.load(task, asked.bundle, asked)
    except asyncio.CancelledError as error:
        raise errors.Draining("the service went down; nothing was loaded") from error
    return _render(task, loaded)


async def short_body(request: Request) -> bytes:
    """Reads a body that says little.

    Raises:
        TooLarge, DeadlineMissed: it is longer than that, or did not come in time.
    """
    read = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            async for chunk in request.stream():
                read += chunk
                if len(read) > MOST_BYTES:
                    raise errors.TooLarge(f"the body is over {MOST_BYTES} bytes")
    except TimeoutError as error:
        raise errors.DeadlineMissed("the body had arrived") from error
    return bytes(read)


def _read(body: bytes) -> LoadIn:
    try:
        return LoadIn.model_validate_json(body or b"{}")
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])[:40] if first["loc"] else "body"
        raise errors.BadParameter(name, first["msg"]) from error


def _render(task: str, loaded: Loaded) -> LoadedOut:
    model, before, compared = loaded.model, loaded.before.manifest, loaded.compared
    return LoadedOut(
        task=task,
        name=model.manifest.name,
        version=model.manifest.version,
        precision=model.precision,
        provider=model.provider,
        digest=model.manifest.digest,
        share=loaded.share,
        before=f"{before.name}@{before.version}",
        compared=compared
        and ComparedOut(
            frames=compared.frames,
            failed=compared.failed,
            regions=compared.regions,
            differing=compared.differing,
            disagreement=compared.disagreement,
        ),
    )
