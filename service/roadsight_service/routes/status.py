"""What the service says of itself: models, health, metrics."""

from typing import Any

from fastapi import APIRouter, Request, Response
from prometheus_client.exposition import choose_encoder

from roadsight_models import errors
from roadsight_service.routes.problems import describe
from roadsight_service.routes.state import state_of
from roadsight_service.schemas import AliveOut, ModelOut, ModelsOut, ReadyModelOut, ReadyOut

_OPENMETRICS = "application/openmetrics-text"
_TEXT = {"schema": {"type": "string"}}
_SERIES: dict[int | str, dict[str, Any]] = {200: {"content": dict.fromkeys(("text/plain", _OPENMETRICS), _TEXT)}}
router = APIRouter()


@router.get("/v1/models", responses=describe(errors.NotReady))
async def models(request: Request) -> ModelsOut:
    """Lists what serves: labels, version, precision, provider and published figures."""
    served = state_of(request.scope).room.models.values()
    return ModelsOut(
        models=tuple(
            ModelOut(
                name=m.manifest.name,
                task=m.manifest.task,
                version=m.manifest.version,
                architecture=m.manifest.architecture,
                labels=m.manifest.labels,
                precision=m.precision,
                provider=m.provider,
                fallback=m.fallback,
                without_graphs=m.without_graphs,
                licence=m.manifest.licence,
                digest=m.manifest.digest,
                metrics=m.manifest.metrics,
                robustness=m.manifest.robustness,
            )
            for m in served
        )
    )


@router.get("/livez")
async def alive() -> AliveOut:
    """Says that the process runs and its event loop turns."""
    return AliveOut(status="alive")


@router.get("/readyz", responses=describe(errors.NotReady))
async def ready(request: Request) -> ReadyOut:
    """Says that every model is warm and golden, and where each runs."""
    state = state_of(request.scope)
    if not state.room.is_ready:
        raise errors.NotReady("the lanes died, and others are being started")
    return ReadyOut(
        status="ready",
        models=tuple(
            ReadyModelOut(
                name=m.manifest.name,
                task=m.manifest.task,
                version=m.manifest.version,
                provider=m.provider,
                fallback=m.fallback,
                without_graphs=m.without_graphs,
            )
            for m in state.room.models.values()
        ),
    )


@router.get("/metrics", response_class=Response, responses=_SERIES | describe(errors.NotReady))
async def metrics(request: Request) -> Response:
    """Gives every series in Prometheus' text format; as OpenMetrics, with exemplars, to who accepts that."""
    accepts = _OPENMETRICS in request.headers.get("accept", "")  # its parameters are anybody's guess
    encode, kind = choose_encoder(_OPENMETRICS if accepts else "")
    return Response(encode(state_of(request.scope).metrics.registry), media_type=kind)
