"""The application: settings in, ASGI out. Nothing happens at import; the lifespan owns models and threads.

create_app(settings) --lifespan--> models warm --> lanes run --> frames --> lanes drain
                     BadBundle, ProviderMissing, GoldenMismatch stop the start
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from time import perf_counter

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from roadsight_service.access import Access
from roadsight_service.batcher import make_batcher
from roadsight_service.frame_queue import FrameQueue
from roadsight_service.lanes import Lanes
from roadsight_service.metrics import Metrics
from roadsight_service.pace import Pace
from roadsight_service.pipeline import Pipeline
from roadsight_service.registry import Registry, open_registry
from roadsight_service.robustness.back_room import BackRoom
from roadsight_service.robustness.checks import Checks
from roadsight_service.robustness.metrics import CheckMetrics
from roadsight_service.routes import classify, problems, robustness, status
from roadsight_service.routes.intake import Intake
from roadsight_service.routes.state import State
from roadsight_service.settings import Settings

OpenRegistry = Callable[[Settings], Registry]


def create_app(settings: Settings, open_models: OpenRegistry = open_registry) -> FastAPI:
    """Makes the application.

    Args:
        settings: all of them; none is read from elsewhere.
        open_models: gives the warm models when the application starts.
    """
    metrics = Metrics()
    check_metrics = CheckMetrics(metrics.registry)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        registry = open_models(settings)
        sessions = tuple(registry.sessions.values())
        pace = Pace(settings.lanes)
        queue = FrameQueue(settings.queue_frames, pace)
        batcher = make_batcher(sessions, metrics, queue, settings.batch_crops, settings.batch_delay_ms / 1e3)
        metrics.watch(sessions, queue)
        lanes = Lanes(settings.lanes, queue, batcher, pace)
        lanes.start()
        checks = _checks(settings, registry, queue, check_metrics) if settings.robustness_enabled else None
        watch = asyncio.ensure_future(pace.watch_loop())
        app.state.roadsight = State(
            settings,
            registry,
            metrics,
            Access(settings.keys),
            Intake(settings.max_body_bytes, settings.max_buffered_bytes),
            Pipeline(registry, lanes, metrics, settings.max_pixels),
            checks,
        )
        try:
            yield
        finally:
            app.state.roadsight = None
            metrics.ready.set(0)
            watch.cancel()
            if checks is not None:
                await asyncio.to_thread(checks.close, settings.drain_seconds)
            await asyncio.to_thread(lanes.close, settings.drain_seconds)

    app = Roadsight(
        title="Roadsight",
        version=version("roadsight"),
        description="Which traffic sign and which road object each region of a camera frame shows, in time.",
        lifespan=lifespan,
    )
    problems.install(app)
    app.include_router(classify.router)
    app.include_router(status.router)
    if settings.robustness_enabled:
        app.include_router(robustness.router)
    app.add_middleware(_Measured, metrics=metrics)
    app.frames = _Measured(problems.Answered(classify.classify), metrics)
    return app


def _checks(settings: Settings, registry: Registry, queue: FrameQueue, metrics: CheckMetrics) -> Checks:
    def is_busy() -> bool:
        return len(queue) > 0 or queue.idle == 0

    return Checks(registry, BackRoom(is_busy), metrics, settings.max_pixels)


class Roadsight(FastAPI):
    """The application. Frames go straight to their route: FastAPI's own way there takes a third of a frame's HTTP."""

    frames: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Is called by the server."""
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"] == classify.PATH:
            scope.update(app=self, route=classify.router.routes[0])
            await self.frames(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


class _Measured:
    """Counts and times every request by route and status, failures too."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, code = perf_counter(), 500

        async def watched(message: Message) -> None:
            nonlocal code
            if message["type"] == "http.response.start":
                code = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            # Only routes that exist make a series: a client that tries paths can't grow the metrics.
            route = getattr(scope.get("route"), "path", "unmatched")
            self._metrics.requests.labels(route, str(code)).inc()
            self._metrics.request_seconds.labels(route).observe(perf_counter() - start)
