"""An example of each of the protocol's answers, for `/docs` and for who writes a client; as `routes.examples`."""

from collections.abc import Mapping

from roadsight_service.inference_protocol.described import EXTENSIONS
from roadsight_service.routes.inference_protocol.answers import MODEL

_RED_SQUARE = (  # a PNG
    "iVBORw0KGgoAAAANSUhEUgAAABgAAAAYCAIAAABvFaqvAAAAH0lEQVR42mM4IadBFcQwatCoQaMGjRo0atCoQQNvEACyuF+fCIVAyAAAAABJRU5E"
    "rkJggg=="
)
REQUEST = {
    "id": "17",
    "inputs": [{"name": "image", "datatype": "BYTES", "shape": [1, 1], "data": [_RED_SQUARE]}],
    "outputs": [{"name": "probabilities", "parameters": {"classification": 1}}],
    "parameters": {"timeout": 500_000},
}
# Of the tensor behind it, 0.5 twice as FP32, every byte happens to be text.
BINARY = (
    '{"id":"17","model_name":"my-signs-jpeg","model_version":"1.0.0","outputs":[{"name":"probabilities","datatype":"FP32",'
    '"shape":[1,2],"parameters":{"binary_data_size":8}}]}\0\0\0?\0\0\0?'
)

_NAME, _VERSION = "my-signs-jpeg", "1.0.0"
_ONCE, _NEVER = {"count": 1, "ns": 2_100_000}, {"count": 0, "ns": 0}
_STAGES = ("success", "queue", "compute_input", "compute_infer", "compute_output")
_STATS = {
    "name": _NAME,
    "version": _VERSION,
    "last_inference": 1_777_888_800_120,
    "inference_count": 4,
    "execution_count": 1,
    "inference_stats": dict.fromkeys(_STAGES, _ONCE) | dict.fromkeys(("fail", "cache_hit", "cache_miss"), _NEVER),
    "batch_stats": [],
}
_OF_MODEL: Mapping[str, object] = {
    "": {
        "name": _NAME,
        "versions": [_VERSION],
        "platform": "roadsight_camera",
        "inputs": [{"name": "image", "datatype": "BYTES", "shape": [-1, 1]}],
        "outputs": [{"name": "probabilities", "datatype": "FP32", "shape": [-1, 2]}],
    },
    "/ready": {"name": _NAME, "ready": True},
    "/config": {
        "name": _NAME,
        "platform": "roadsight_camera",
        "backend": "roadsight",
        "max_batch_size": 64,
        "input": [{"name": "image", "data_type": "TYPE_STRING", "dims": [1]}],
        "output": [{"name": "probabilities", "data_type": "TYPE_FP32", "dims": [2]}],
        "instance_group": [{"name": _NAME, "kind": "KIND_CPU", "count": 2}],
        "dynamic_batching": {"priority_levels": 3, "default_priority_level": 2},
    },
    "/stats": {"model_stats": [_STATS]},
    "/infer": {
        "id": "17",
        "model_name": _NAME,
        "model_version": _VERSION,
        "outputs": [{"name": "probabilities", "datatype": "BYTES", "shape": [1, 1], "data": ["0.999100:1:stop"]}],
    },
}

ANSWERS: Mapping[str, object] = {
    "/v2": {"name": "roadsight", "version": "1.0.0", "extensions": list(EXTENSIONS)},
    "/v2/health/live": {"live": True},
    "/v2/health/ready": {"ready": True},
    "/v2/models/stats": _OF_MODEL["/stats"],
    "/v2/repository/index": [{"name": _NAME, "version": _VERSION, "state": "READY", "reason": ""}],
    "/v2/repository/models/{name}/load": {},
    "/v2/repository/models/{name}/unload": {},
} | {f"{path}{end}": answer for path in MODEL for end, answer in _OF_MODEL.items()}
