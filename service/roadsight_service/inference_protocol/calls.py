"""The methods of the service over gRPC: who may call each, and what it asks of `OpenInference`.

message --> plain values, or a message
            what `OpenInference` raises
"""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from roadsight_models.errors import NotReady, UnknownModel
from roadsight_service.access import Scope
from roadsight_service.inference_protocol import converted, described
from roadsight_service.inference_protocol.open_inference import OpenInference
from roadsight_service.metrics import Clock


class Caller(NamedTuple):
    """What is known of a call beside its message."""

    camera: str  # who takes turns with whom in the queue
    received: float  # on the monotonic clock
    left_us: int  # until it is over for the client; 0: never
    clock: Clock


class Method(NamedTuple):
    """A method of the service."""

    scope: Scope | None  # that a key needs; None: anybody may
    answer: Callable[[OpenInference, Any, Caller], Awaitable[Any]]  # plain values of its response, or that itself


async def _live(_: OpenInference, __: Any, ___: Caller) -> dict[str, object]:
    return {"live": True}


async def _ready(protocol: OpenInference, _: Any, __: Caller) -> dict[str, object]:
    try:
        protocol.check_ready()
    except NotReady:
        return {"ready": False}
    return {"ready": True}


async def _server(_: OpenInference, __: Any, ___: Caller) -> dict[str, object]:
    return described.server()


async def _model_ready(protocol: OpenInference, request: Any, _: Caller) -> dict[str, object]:
    try:
        protocol.check_model_ready(request.name, request.version)
    except (NotReady, UnknownModel):
        return {"ready": False}
    return {"ready": True}


async def _metadata(protocol: OpenInference, request: Any, _: Caller) -> dict[str, object]:
    return protocol.metadata(request.name, request.version)


async def _configuration(protocol: OpenInference, request: Any, _: Caller) -> dict[str, object]:
    return {"config": protocol.configuration(request.name, request.version)}


async def _statistics(protocol: OpenInference, request: Any, _: Caller) -> dict[str, object]:
    return protocol.statistics(request.name, request.version)


async def _infer(protocol: OpenInference, request: Any, caller: Caller) -> Any:
    asked = converted.asked(request, caller.left_us)
    return converted.response(await protocol.infer(asked, caller.camera, caller.received, caller.clock))


async def _index(protocol: OpenInference, request: Any, _: Caller) -> dict[str, object]:
    return {"models": await protocol.repository.index(request.ready)}


async def _load(protocol: OpenInference, request: Any, _: Caller) -> dict[str, object]:
    await protocol.repository.load(request.model_name, converted.parameters(request.parameters))
    return {}


async def _unload(protocol: OpenInference, request: Any, _: Caller) -> dict[str, object]:
    await protocol.repository.unload(request.model_name, converted.parameters(request.parameters))
    return {}


INFER = "ModelInfer"
METHODS = {
    "ServerLive": Method(None, _live),
    "ServerReady": Method(None, _ready),
    "ServerMetadata": Method(None, _server),
    "ModelReady": Method(None, _model_ready),
    "ModelMetadata": Method(None, _metadata),
    "ModelConfig": Method(None, _configuration),
    "ModelStatistics": Method(None, _statistics),
    INFER: Method("classify", _infer),
    "RepositoryIndex": Method("classify", _index),
    "RepositoryModelLoad": Method("admin", _load),
    "RepositoryModelUnload": Method("admin", _unload),
}
