"""A replica: one whole service in a process of Ray's, without a socket for frames.

settings --Replica--> models warm --lifespan--> lanes
         BadBundle and its kind; `serve status` shows it
Ray's request --Forwarded--> application --> answer
Prometheus --GET /metrics/replicas--> any replica --asks all--> where each has its own /metrics
"""

import sys
from functools import cached_property

import ray
from prometheus_client import start_http_server
from ray import serve
from ray.exceptions import RayError

from roadsight_models.errors import NotReady
from roadsight_service import logs
from roadsight_service.app import create_app
from roadsight_service.cli import SWITCH_S
from roadsight_service.heap import give_back_large_buffers, leave_what_is_there
from roadsight_service.opening import open_models
from roadsight_service.routes.forwarded import Forwarded
from roadsight_service.settings import Settings

REPLICAS_PATH = "/metrics/replicas"
TOLD_WITHIN_S = 5.0
FIXED = "of several replicas only one would hear of it; deploy anew, with other ROADSIGHT_MODELS"


class Replica:
    """The service, as Ray starts, asks and ends it."""

    def __init__(self, settings: Settings) -> None:
        """Opens the models.

        Raises:
            RoadsightError: what stops a start; see `open_registry`.
        """
        logs.begin(settings.log_level, settings.log_format)
        sys.setswitchinterval(SWITCH_S)
        give_back_large_buffers()
        opened = open_models(settings)  # not in the lifespan: Ray says why a constructor failed
        self._app = create_app(settings, lambda _: opened, fixed=FIXED)
        self._app.add_api_route(REPLICAS_PATH, self.replicas, summary="Says where replicas have their metrics.")
        leave_what_is_there()

    def __serve_build_asgi_app__(self) -> Forwarded:
        """Is called by Ray, which runs the application's lifespan."""
        return Forwarded(self._app)

    async def check_health(self) -> None:
        """Is called by Ray, which replaces a replica that fails three times in a row.

        Raises:
            NotReady: its lanes died, and it could not replace them by itself.
        """
        if not self._app.state.roadsight.room.is_ready:
            raise NotReady("the lanes died, and none has taken their place")

    async def address(self) -> str:
        """Where Prometheus finds the metrics of this replica, and of no other: `host:port`."""
        return self._address

    @cached_property
    def _address(self) -> str:
        host = ray.util.get_node_ip_address()
        server, _ = start_http_server(0, host, self._app.state.roadsight.metrics.registry)
        return f"{host}:{server.server_port}"

    async def replicas(self) -> list[dict[str, list[str]]]:
        """Says where the metrics of every replica are, as Prometheus' `http_sd_configs` reads it.

        Raises:
            NotReady: one does not answer; Prometheus keeps the list that it had.
        """
        here = serve.get_replica_context()
        all_of_us = serve.get_deployment_handle(here.deployment, here.app_name).broadcast("address")
        try:
            return [{"targets": sorted(await all_of_us.results_async(timeout_s=TOLD_WITHIN_S))}]
        except (RayError, TimeoutError) as error:
            raise NotReady("a replica does not answer") from error
