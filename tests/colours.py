"""A bundle small enough to read: a real graph that names the colour of a crop.

frames uint8 [N, 16, 16, 3] -> mean over the pixels -> embedding [N, 3] -> logits [N, 3], 0 to 12 each
"""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import ModelProto, TensorProto, helper, numpy_helper

from roadsight_models import bundle
from roadsight_models.bundle import Bundle
from roadsight_models.frame import Pixels
from roadsight_models.manifest import CropRule, Manifest, Parity, Precision, Provenance

LABELS = ("red", "green", "blue")
SIDE = 16
_GAIN = 12 / 255


def graph() -> bytes:
    """The ONNX file."""
    nodes = [
        helper.make_node("Cast", ["frames"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["pixels", "axes"], ["embedding"], keepdims=0),
        helper.make_node("Mul", ["embedding", "gain"], ["logits"]),
    ]
    proto = helper.make_graph(
        nodes,
        "colours",
        [helper.make_tensor_value_info("frames", TensorProto.UINT8, ["N", SIDE, SIDE, 3])],
        [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 3]),
            helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", 3]),
        ],
        [
            numpy_helper.from_array(np.array([1, 2], np.int64), "axes"),
            numpy_helper.from_array(np.array(_GAIN, np.float32), "gain"),
        ],
    )
    model = helper.make_model(proto, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    return bytes(model.SerializeToString())


def changed(change: Callable[[ModelProto], object]) -> bytes:
    """The ONNX file after a change, to break the contract with."""
    model = onnx.load_from_string(graph())
    change(model)
    return bytes(model.SerializeToString())


def answers(frames: Pixels) -> npt.NDArray[np.float32]:
    """The logits that numpy gives, float32 [N, 3]."""
    return np.asarray(frames.astype(np.float32).mean(axis=(1, 2)) * np.float32(_GAIN), np.float32)


def crops(count: int, seed: int = 0) -> Pixels:
    """Random inputs, uint8 [count, 16, 16, 3]."""
    return np.random.default_rng(seed).integers(0, 256, (count, SIDE, SIDE, 3), np.uint8)


def npz(**arrays: npt.ArrayLike) -> bytes:
    """The arrays as a .npz file."""
    file = io.BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type]  # it takes what becomes an array
    return file.getvalue()


def golden(frames: int = 4) -> bytes:
    """Random inputs with the logits that numpy gives for them."""
    return npz(frames=crops(frames), logits=answers(crops(frames)))


def manifest(**changes: object) -> Manifest:
    """What the colour bundle says of itself; `changes` replace fields."""
    fields: dict[str, object] = {
        "name": "colours",
        "version": "1.0.0",
        "task": "colour",
        "architecture": "mean",
        "labels": LABELS,
        "input": CropRule(width=SIDE, height=SIDE, context=0.0, resize="area_or_linear", min_side=4),
        "opset": 18,
        "temperature": 1.0,
        "uncertain_below": 0.6,
        "golden_tolerance": 1e-3,
        "parity": Parity(max_difference=0.0, n=1),
        "metrics": (),
        "licence": "Apache-2.0",
        "provenance": Provenance(data="none", weights="none", code="tests", recipe=""),
        "files": {},
    }
    return Manifest.model_validate(fields | changes)


INT8 = Precision(name="int8", file="classifier.int8.onnx", size=1, top1=1.0, latency_ratio=0.5, golden_tolerance=1e-3)


def save(root: Path, files: dict[str, bytes] | None = None, **changes: object) -> Bundle:
    """Publishes the colour bundle under `root`; `files` replace its files."""
    content = {"classifier.onnx": graph(), "golden.npz": golden()} | (files or {})
    return bundle.save(root, manifest(**changes), content)
