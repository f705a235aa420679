"""The colour bundle for pictures of 32 x 32, which a substitute needs; and pictures that it is just sure of."""

from pathlib import Path

import numpy as np
from onnx import ModelProto

import colours
from roadsight_models.bundle import Bundle
from roadsight_models.frame import Pixels
from roadsight_models.manifest import CropRule
from roadsight_models.robustness.criterion import Indices

SIDE = 32
RULE = CropRule(width=SIDE, height=SIDE, context=0.0, resize="area_or_linear", min_side=4)


def tinted(count: int, seed: int) -> tuple[Pixels, Indices]:
    """Noise with a tint of one colour: uint8 [count, 32, 32, 3], int64."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, count)
    tint = 10 * np.eye(3)[labels][:, None, None]
    return (rng.normal(120, 12, (count, SIDE, SIDE, 3)) + tint).clip(0, 255).astype(np.uint8), labels


def save(root: Path) -> Bundle:
    """Publishes it under `root`, without a gradient."""
    golden = tinted(4, 0)[0]
    files = {
        "classifier.onnx": colours.changed(_of_32),
        "golden.npz": colours.npz(frames=golden, logits=colours.answers(golden)),
    }
    return colours.save(root, files, input=RULE)


def _of_32(model: ModelProto) -> None:
    for dimension in model.graph.input[0].type.tensor_type.shape.dim[1:3]:
        dimension.dim_value = SIDE
