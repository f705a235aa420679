"""The application: settings in, ASGI out. Nothing happens at import; the lifespan owns models and threads.

create_app(settings) --lifespan--> models warm --> lanes run --> frames --> lanes drain
                     BadBundle, ProviderMissing, GoldenMismatch stop the start
"""

# ruff: noqa: PLC0415  (see `opening`: only a service that has checks loads what they need)

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from roadsight_service.access import Access
from roadsight_service.loading.loader import Loader
from roadsight_service.loading.metrics import LoadMetrics
from roadsight_service.loading.relay import Relay
from roadsight_service.metrics import Metrics
from roadsight_service.opening import make_room, open_models, why_fixed
from roadsight_service.pipeline import Pipeline
from roadsight_service.request_log import RequestLog
from roadsight_service.robustness.metrics import CheckMetrics
from roadsight_service.room import Room
from roadsight_service.routes import classify, load, problems, status
from roadsight_service.routes.intake import Intake
from roadsight_service.routes.measured import Measured, Notes
from roadsight_service.routes.state import State
from roadsight_service.routes.stream import Streams
from roadsight_service.routes.streamed import PATH as STREAM
from roadsight_service.settings import Settings
from roadsight_service.tracing import make_tracer

if TYPE_CHECKING:
    from roadsight_service.processes.crew import Crew
    from roadsight_service.registry import Registry
    from roadsight_service.robustness.checks import Checks

OpenModels = Callable[[Settings], "Crew | Registry"]


def create_app(settings: Settings, opens: OpenModels = open_models) -> FastAPI:
    """Makes the application.

    Args:
        settings: all of them; none is read from elsewhere.
        opens: gives the models when the application starts.
    """
    metrics = Metrics()
    check_metrics, load_metrics = CheckMetrics(metrics.registry), LoadMetrics(metrics.registry)
    tracer = make_tracer(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        opened = opens(settings)
        room = Relay(make_room(opened, settings, metrics))
        await room.start()
        metrics.watch(room, settings.queue_frames, settings.lanes)
        loader = Loader(room, settings, metrics, load_metrics, why_fixed(opened, settings))
        checks = _checks(settings, opened, room, check_metrics) if settings.robustness_enabled else None
        app.state.roadsight = State(
            settings,
            room,
            metrics,
            Access(settings.keys),
            Intake(settings.max_body_bytes, settings.max_buffered_bytes),
            Pipeline(room, metrics),
            loader,
            checks,
        )
        try:
            yield
        finally:
            app.state.roadsight = None
            if checks is not None:
                await asyncio.to_thread(checks.close, settings.drain_seconds)
            await loader.close(settings.drain_seconds)
            if tracer is not None:
                await asyncio.to_thread(tracer.close)

    app = Roadsight(
        title="Roadsight",
        version=version("roadsight"),
        description="Which traffic sign and which road object each region of a camera frame shows, in time.",
        lifespan=lifespan,
    )
    problems.install(app)
    app.include_router(classify.router)
    app.include_router(status.router)
    app.include_router(load.router)
    if settings.robustness_enabled:
        from roadsight_service.routes import robustness

        app.include_router(robustness.router)
    notes = Notes(metrics, RequestLog(), tracer)
    app.add_middleware(Measured, notes=notes)
    app.frames = Measured(problems.Answered(classify.classify), notes)
    app.streams = Streams(notes)
    return app


def _checks(settings: Settings, opened: "Crew | Registry", room: Room, metrics: CheckMetrics) -> "Checks":
    from roadsight_service.registry import Registry, open_registry
    from roadsight_service.robustness.back_room import BackRoom
    from roadsight_service.robustness.checks import Checks

    # Lanes in other processes have their own sessions: checks then ask others of the same graph, on the same provider.
    registry = opened if isinstance(opened, Registry) else open_registry(settings)
    return Checks(registry, BackRoom(lambda: room.is_busy), metrics, settings.max_pixels)


class Roadsight(FastAPI):
    """The application. Frames go straight to their route: FastAPI's own way there takes a third of a frame's HTTP."""

    frames: ASGIApp
    streams: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Is called by the server."""
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"] == classify.PATH:
            scope.update(app=self, route=classify.router.routes[0])
            await self.frames(scope, receive, send)
        elif scope["type"] == "websocket" and scope["path"] == STREAM:
            scope["app"] = self
            await self.streams(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)
