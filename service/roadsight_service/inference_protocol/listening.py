"""gRPC for as long as the application runs, where the settings want it.

settings --check_grpc--> nothing          BadParameter: the extra is missing
         --listening--> a port, until the block ends          BadParameter: it is taken
"""

# ruff: noqa: PLC0415  (only a service that speaks gRPC has it, and loads it)

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from roadsight_models.errors import BadParameter
from roadsight_service.access import Access
from roadsight_service.inference_protocol.open_inference import OpenInference
from roadsight_service.metrics import Metrics
from roadsight_service.observed.requests import Requests
from roadsight_service.settings import Settings

if TYPE_CHECKING:
    from roadsight_service.inference_protocol.rpc import Hold


def check_grpc(settings: Settings) -> None:
    """Raises BadParameter if gRPC is wanted and not installed."""
    if settings.grpc_port is None:
        return
    try:
        from roadsight_service.inference_protocol import rpc  # noqa: F401
    except ModuleNotFoundError as error:
        raise BadParameter("ROADSIGHT_GRPC_PORT", "needs: pip install 'roadsight[grpc]'") from error


@asynccontextmanager
async def listening(
    protocol: OpenInference, access: Access, hold: "Hold", metrics: Metrics, requests: Requests, settings: Settings
) -> AsyncIterator[None]:
    """Answers calls until the block ends; then gives those that there are time to drain.

    Args:
        protocol: is asked.
        access: says who may.
        hold: counts the bytes that requests hold.
        metrics: are told of stages, and of what is given up.
        requests: note every call.
        settings: of the service.

    Raises:
        BadParameter: somebody else has the port.
    """
    if settings.grpc_port is None:
        yield
        return
    from roadsight_service.inference_protocol.rpc import GrpcServer

    server = GrpcServer(protocol, access, hold, metrics, requests, settings)
    await server.start()
    try:
        yield
    finally:
        await server.close(settings.drain_seconds)
