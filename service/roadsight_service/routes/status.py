"""What the service says of itself: models, health, metrics."""

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from roadsight_models import errors
from roadsight_service.routes.problems import describe
from roadsight_service.routes.state import state_of
from roadsight_service.schemas import AliveOut, ModelOut, ModelsOut, ReadyModelOut, ReadyOut

router = APIRouter()


@router.get("/v1/models", responses=describe(errors.NotReady))
async def models(request: Request) -> ModelsOut:
    """Lists what serves: labels, version, precision, provider and published figures."""
    sessions = state_of(request).registry.sessions.values()
    return ModelsOut(
        models=tuple(
            ModelOut(
                name=s.manifest.name,
                task=s.manifest.task,
                version=s.manifest.version,
                architecture=s.manifest.architecture,
                labels=s.manifest.labels,
                precision=s.precision,
                provider=s.provider,
                fallback=s.fallback,
                without_graphs=s.without_graphs,
                licence=s.manifest.licence,
                digest=s.manifest.digest,
                metrics=s.manifest.metrics,
                robustness=s.manifest.robustness,
            )
            for s in sessions
        )
    )


@router.get("/livez")
async def alive() -> AliveOut:
    """Says that the process runs and its event loop turns."""
    return AliveOut(status="alive")


@router.get("/readyz", responses=describe(errors.NotReady))
async def ready(request: Request) -> ReadyOut:
    """Says that every model is warm and golden, and where each runs."""
    sessions = state_of(request).registry.sessions.values()
    return ReadyOut(
        status="ready",
        models=tuple(
            ReadyModelOut(
                name=s.manifest.name,
                task=s.manifest.task,
                version=s.manifest.version,
                provider=s.provider,
                fallback=s.fallback,
                without_graphs=s.without_graphs,
            )
            for s in sessions
        ),
    )


@router.get("/metrics", response_class=Response, responses=describe(errors.NotReady))
async def metrics(request: Request) -> Response:
    """Gives every series in Prometheus' text format."""
    return Response(generate_latest(state_of(request).metrics.registry), media_type=CONTENT_TYPE_LATEST)
