"""What the protocol says of the server and of a model: metadata, and configuration in the form of Triton.

Face --metadata, configuration--> plain values, as JSON and protobuf both take them
"""

from importlib.metadata import version

from roadsight_service.inference_protocol.faces import Face, Spec
from roadsight_service.room import DEFAULT_PRIORITY, PRIORITIES

EXTENSIONS = (
    "binary_tensor_data",
    "classification",
    "model_configuration",
    "model_repository",
    "model_repository(unload_dependents)",
    "schedule_policy",
    "statistics",
)
_PLATFORMS = {False: "onnxruntime_onnx", True: "roadsight_camera"}
_TYPES = {"UINT8": "TYPE_UINT8", "BYTES": "TYPE_STRING", "FP32": "TYPE_FP32"}
_FORMATS = {"UINT8": {"format": "FORMAT_NHWC"}}


def server() -> dict[str, object]:
    """A `$metadata_server_response`."""
    return {"name": "roadsight", "version": version("roadsight"), "extensions": list(EXTENSIONS)}


def metadata(face: Face) -> dict[str, object]:
    """A `$metadata_model_response`."""
    return {
        "name": face.name,
        "versions": [face.version],
        "platform": _PLATFORMS[face.is_camera],
        "inputs": [_tensor(face.input)],
        "outputs": [_tensor(spec) for spec in face.outputs],
    }


def configuration(face: Face, most: int, lanes: int) -> dict[str, object]:
    """A ModelConfig, as far as it is known here.

    Args:
        face: the model.
        most: of a batch.
        lanes: that infer side by side.
    """
    kind = "KIND_CPU" if face.model.provider == "cpu" else "KIND_GPU"
    return {
        "name": face.name,
        "platform": _PLATFORMS[face.is_camera],
        "backend": "onnxruntime" if not face.is_camera else "roadsight",
        "max_batch_size": most,
        "input": [_dimensions(face.input) | _FORMATS.get(face.input.datatype, {})],
        "output": [_dimensions(spec) for spec in face.outputs],
        "instance_group": [{"name": face.name, "kind": kind, "count": lanes}],
        "dynamic_batching": {"priority_levels": PRIORITIES, "default_priority_level": DEFAULT_PRIORITY},
    }


def _tensor(spec: Spec) -> dict[str, object]:
    return {"name": spec.name, "datatype": spec.datatype, "shape": list(spec.shape)}


def _dimensions(spec: Spec) -> dict[str, object]:
    """Without the batch, which `max_batch_size` says."""
    return {"name": spec.name, "data_type": _TYPES[spec.datatype], "dims": list(spec.shape[1:])}
