"""What the service says of itself: models, health, metrics."""

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.openmetrics import exposition as openmetrics

from roadsight_models import errors
from roadsight_service.routes.problems import describe
from roadsight_service.routes.state import state_of
from roadsight_service.schemas import AliveOut, ModelOut, ModelsOut, ReadyModelOut, ReadyOut

router = APIRouter()


@router.get("/v1/models", responses=describe(errors.NotReady))
async def models(request: Request) -> ModelsOut:
    """Lists what serves: labels, version, precision, provider and published figures."""
    served = state_of(request).room.models.values()
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
    state = state_of(request)
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


@router.get("/metrics", response_class=Response, responses=describe(errors.NotReady))
async def metrics(request: Request) -> Response:
    """Gives every series in Prometheus' text format; as OpenMetrics, with exemplars, to who accepts that."""
    registry = state_of(request).metrics.registry
    if "application/openmetrics-text" in request.headers.get("accept", ""):
        return Response(openmetrics.generate_latest(registry), media_type=openmetrics.CONTENT_TYPE_LATEST)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
