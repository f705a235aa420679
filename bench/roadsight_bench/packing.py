"""A graph in a quarter of the bytes, or half of them in float16: ResNet-18 has 45 MB, and a bundle's file may have 20.

network --round_weights--> network on a grid --to_onnx--> graph --pack--> graph that widens them when opened

What runs is the float32 network itself: ONNX Runtime computes what hangs on constants once, while it opens a session.
The weights are random, so they may as well lie on a grid of 8 bits, where nothing is lost; float16 rounds them again.
"""

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from roadsight_training.networks import Network

LEVELS = 127
SMALLEST = 10_000  # values; what is smaller stays as it is


def round_weights(network: Network) -> None:
    """Rounds every large weight to one of 255 values, in place."""
    with torch.no_grad():
        for weight in network.parameters():
            if weight.numel() >= SMALLEST:
                step = weight.abs().max() / LEVELS
                weight.copy_((weight / step).round() * step)


def pack(graph: bytes) -> bytes:
    """Stores every large weight as int8 and a step; parity with the network says whether it was on the grid."""
    model = onnx.load_from_string(graph)
    large = [one for one in model.graph.initializer if np.prod(one.dims) >= SMALLEST]
    for weight in large:
        values = numpy_helper.to_array(weight).astype(np.float32)
        step = np.abs(values).max() / np.float32(LEVELS)
        name, small, scale, wide, whole = (
            weight.name,
            *(f"{weight.name}.{one}" for one in ("int8", "step", "wide", "whole")),
        )
        model.graph.initializer.remove(weight)
        model.graph.initializer.append(numpy_helper.from_array(np.rint(values / step).astype(np.int8), small))
        model.graph.initializer.append(numpy_helper.from_array(step, scale))
        # In float32 also on the way to float16, in which ONNX Runtime could not compute it beforehand.
        widen = [
            helper.make_node("Cast", [small], [wide], to=TensorProto.FLOAT),
            helper.make_node("Mul", [wide, scale], [whole]),
            helper.make_node("Cast", [whole], [name], to=weight.data_type),
        ]
        for node in reversed(widen):
            model.graph.node.insert(0, node)
    return bytes(model.SerializeToString())
