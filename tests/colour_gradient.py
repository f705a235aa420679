"""The gradient graph of the colour bundle: each pixel's gradient is the weight of its colour, shared by all pixels.

pixels float32 [N, 16, 16, 3] -> logits [N, 3], as the classifier's
cotangent float32 [N, 3] -> gradient [N, 16, 16, 3]
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import ModelProto, TensorProto, helper, numpy_helper

import colours
from roadsight_models.bundle import Bundle

GAIN = 12.0  # colours.graph has 12 / 255, of values up to 255
PICTURE = [colours.SIDE, colours.SIDE, 3]


def graph() -> bytes:
    """The ONNX file."""
    nodes = [
        helper.make_node("ReduceMean", ["pixels", "sides"], ["colour"], keepdims=0),
        helper.make_node("Mul", ["colour", "gain"], ["logits"]),
        helper.make_node("Shape", ["pixels"], ["shape"]),
        helper.make_node("Unsqueeze", ["cotangent", "sides"], ["weights"]),
        helper.make_node("Mul", ["weights", "share"], ["a_pixel"]),
        helper.make_node("Expand", ["a_pixel", "shape"], ["gradient"]),
    ]
    tensors = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *shape])
        for name, shape in (("pixels", PICTURE), ("cotangent", [3]), ("logits", [3]), ("gradient", PICTURE))
    ]
    constants = [
        numpy_helper.from_array(np.array([1, 2], np.int64), "sides"),
        numpy_helper.from_array(np.array(GAIN, np.float32), "gain"),
        numpy_helper.from_array(np.array(GAIN / colours.SIDE**2, np.float32), "share"),
    ]
    proto = helper.make_graph(nodes, "colours", tensors[:2], tensors[2:], constants)
    model = helper.make_model(proto, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    return bytes(model.SerializeToString())


def changed(change: Callable[[ModelProto], object]) -> bytes:
    """The ONNX file after a change, to break the contract with."""
    model = onnx.load_from_string(graph())
    change(model)
    return bytes(model.SerializeToString())


def answers(cotangent: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The gradient that numpy gives, float32 [N, 16, 16, 3]."""
    share = cotangent * np.float32(GAIN / colours.SIDE**2)
    return np.broadcast_to(share[:, None, None], (len(cotangent), *PICTURE))


def save(root: Path, gradient: bytes | None = None, **changes: object) -> Bundle:
    """Publishes the colour bundle with a gradient graph; `gradient` replaces it."""
    return colours.save(root, {"gradient.onnx": graph() if gradient is None else gradient}, **changes)
