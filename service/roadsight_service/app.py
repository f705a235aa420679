"""The application: settings in, ASGI out. Nothing happens at import; the lifespan owns models and threads.

create_app(settings) --lifespan--> models warm --> lanes run --> frames --> lanes drain
                     BadBundle, ProviderMissing, GoldenMismatch stop the start
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Response
from starlette.types import Receive, Scope, Send

from roadsight_service.access import Access
from roadsight_service.inference_protocol.listening import check_grpc, listening
from roadsight_service.inference_protocol.open_inference import OpenInference
from roadsight_service.inference_protocol.statistics import ProtocolMetrics
from roadsight_service.loading.loader import Loader
from roadsight_service.loading.lookout import looking
from roadsight_service.loading.metrics import LoadMetrics
from roadsight_service.loading.relay import Relay
from roadsight_service.metrics import Metrics
from roadsight_service.observed.requests import Requests
from roadsight_service.opening import make_room, open_models, why_fixed
from roadsight_service.pipeline import Pipeline
from roadsight_service.robustness.checks import Checks
from roadsight_service.robustness.metrics import CheckMetrics
from roadsight_service.routes import classify, load, problems, robustness, specification, status
from roadsight_service.routes.frames import Frames
from roadsight_service.routes.inference_protocol import answers, describing, infer
from roadsight_service.routes.intake import Intake
from roadsight_service.routes.measured import Measured, Notes
from roadsight_service.routes.state import State
from roadsight_service.routes.stream import Streams
from roadsight_service.routes.streamed import PATH as STREAM
from roadsight_service.settings import Settings
from roadsight_service.tracing import make_tracer
from roadsight_service.tracks import Tracks

if TYPE_CHECKING:
    from roadsight_service.processes.crew import Crew
    from roadsight_service.registry import Registry

OpenModels = Callable[[Settings], "Crew | Registry"]


def create_app(settings: Settings, opens: OpenModels = open_models, fixed: str | None = None) -> "Roadsight":
    """Makes the application; `server.config` is how it is served.

    Args:
        settings: all of them; none is read from elsewhere.
        opens: gives the models when the application starts.
        fixed: why models must not be changed while it runs, if the one who starts it knows a reason.
    """
    metrics = Metrics()
    check_metrics, load_metrics = CheckMetrics(metrics.registry), LoadMetrics(metrics.registry)
    protocol_metrics = ProtocolMetrics(metrics.registry)
    tracer = make_tracer(settings)
    requests = Requests(metrics, tracer)
    check_grpc(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        opened = opens(settings)
        room = Relay(make_room(opened, settings, metrics))
        await room.start()
        metrics.watch(room, settings.queue_frames, settings.lanes)
        loader = Loader(room, settings, metrics, load_metrics, fixed or why_fixed(opened))
        checks = Checks(room, check_metrics) if settings.robustness_enabled else None
        pipeline, tracks = Pipeline(room, metrics), Tracks()
        access, intake = Access(settings.keys), Intake(settings.max_body_bytes, settings.max_buffered_bytes)
        protocol = OpenInference(room, pipeline, loader, protocol_metrics, settings)
        app.state.roadsight = State(settings, room, metrics, access, intake, pipeline, tracks, loader, protocol, checks)
        try:
            async with (
                listening(protocol, access, intake.hold, metrics, requests, settings),
                looking(room, settings, loader),
            ):
                yield
        finally:
            app.state.roadsight = None
            if checks is not None:
                await checks.close(settings.drain_seconds)
            await loader.close(settings.drain_seconds)
            if tracer is not None:
                await asyncio.to_thread(tracer.close, settings.drain_seconds)

    app = Roadsight(
        title="Roadsight",
        version=version("roadsight"),
        description="Which traffic sign and which road object each region of a camera frame shows, in time.\n\n"
        f"`WS {STREAM}` is described in docs/streams.md: OpenAPI has no websockets.",
        lifespan=lifespan,
    )
    app.needs_key = settings.keys is not None
    problems.install(app)
    answers.install(app)
    for routes in (classify, status, load, infer, describing):
        app.include_router(routes.router)
    if settings.robustness_enabled:
        app.include_router(robustness.router)
    notes = Notes(requests)
    app.add_middleware(Measured, notes=notes)
    app.frames, app.streams = Frames(app, notes), Streams(requests)
    return app


class Roadsight(FastAPI):
    """The application. Frames go straight to their route: FastAPI's own way there takes a third of a frame's HTTP."""

    frames: Frames
    streams: Streams
    needs_key: bool

    def openapi(self) -> dict[str, Any]:
        """What `/openapi.json` says; made once."""
        if self.openapi_schema is None:
            self.openapi_schema = specification.complete(super().openapi(), self.needs_key)
        return self.openapi_schema

    def refuse(self, scope: Scope) -> Response | None:
        """Is asked by the server before a request is let in: the answer to one that its head rules out."""
        return self.frames.refuse(scope) if _is_frame(scope) else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Is called by the server."""
        if _is_frame(scope):
            await self.frames(scope, receive, send)
        elif scope["type"] == "websocket" and scope["path"] == STREAM:
            scope["app"] = self
            await self.streams(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def _is_frame(scope: Scope) -> bool:
    return (scope["type"], scope.get("method"), scope.get("path")) == ("http", "POST", classify.PATH)
