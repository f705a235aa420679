"""What a bundle's graph has lost, given back: batch normalisation that training can go on with.

    Bundle, Network --unfold--> state dict: evaluated, it is the bundle
                    BadWeights
    Network, pictures --settle--> the same, in training mode, too

The exporter folds batch normalisation into the convolution before it. `unfold` puts the folded filters into the
convolution and lets the normalisation pass everything through. In training mode, which normalises by the statistics of
each batch, that is another network; `settle` measures these statistics and sets scale and shift so that they cancel.
"""

from collections import deque
from collections.abc import Iterator
from typing import Any

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from roadsight_models.bundle import Bundle
from roadsight_models.frame import Pixels
from roadsight_training.errors import BadWeights
from roadsight_training.networks.network import Network, Normalise

Stored = tuple[type[nn.Module], dict[str, Tensor]]  # a layer of the graph: what it is, its tensors by their torch names

LAYERS = {"Conv": nn.Conv2d, "Gemm": nn.Linear, "BatchNormalization": _BatchNorm}
WEIGHTED = (nn.Conv2d, nn.Linear, _BatchNorm)
BATCH = 128


def unfold(bundle: Bundle, network: Network) -> dict[str, Tensor]:
    """Reads a bundle's weights under the names that a network has for them, by the order in which both compute.

    Args:
        bundle: holds the graph.
        network: of the bundle's architecture and input size; left in evaluation mode.

    Returns:
        A whole state dict; side heads, which no bundle holds, as they are in the network.

    Raises:
        BadWeights: the network computes other layers, or in another order.
    """
    stored = deque(_stored(onnx.load(bundle.classifier)))
    state, shift = dict(network.state_dict()), torch.zeros(())
    for name, layer in [("normalise", network.normalise), *_in_order(network, bundle.golden().frames[:1])]:
        if isinstance(layer, _BatchNorm) and not (stored and stored[0][0] is _BatchNorm):
            values = _passing_through(layer, shift)
        elif stored and isinstance(layer, stored[0][0]):
            values = stored.popleft()[1]
            # A convolution without a bias leaves the graph's to the normalisation that was folded into it.
            shift = values.pop("bias") if f"{name}.weight" in state and f"{name}.bias" not in state else torch.zeros(())
        else:
            raise BadWeights(f"{bundle.folder}: its graph has no weights for {name}")
        state |= {f"{name}.{attribute}": value for attribute, value in values.items()}
    if stored:
        raise BadWeights(f"{bundle.folder}: its graph has {len(stored)} layers more than the network")
    return state


def _stored(model: onnx.ModelProto) -> Iterator[Stored]:
    """What the graph computes with, in order; a bias that the exporter left out, because it is 0, is put back."""
    tensors = {tensor.name: torch.tensor(numpy_helper.to_array(tensor)) for tensor in model.graph.initializer}
    first = {node.op_type: node for node in reversed(model.graph.node)}
    yield Normalise, {"mean": tensors[first["Sub"].input[1]], "deviation": tensors[first["Div"].input[1]]}
    for node in model.graph.node:
        if node.op_type in LAYERS:
            values = [tensors[name] for name in node.input[1:]]
            values += [torch.zeros(len(values[0]))] * (len(values) == 1)
            names = ("weight", "bias", "running_mean", "running_var")
            yield LAYERS[node.op_type], dict(zip(names, values, strict=False))


def _in_order(network: Network, frames: Pixels) -> list[tuple[str, nn.Module]]:
    """Layers with weights, in the order in which they are computed."""
    layers = [(name, layer) for name, layer in network.named_modules() if isinstance(layer, WEIGHTED)]
    names: dict[nn.Module, str] = {layer: name for name, layer in layers}
    ran: list[nn.Module] = []
    hooks = [layer.register_forward_hook(lambda layer, *_: ran.append(layer)) for layer in names]
    with torch.inference_mode():
        network.eval()(torch.from_numpy(frames))
    for hook in hooks:
        hook.remove()
    return [(names[layer], layer) for layer in ran]


def _passing_through(layer: _BatchNorm, shift: Tensor) -> dict[str, Tensor]:
    ones = torch.ones(layer.num_features)
    return {
        "weight": (ones + layer.eps).sqrt(),
        "bias": shift.expand_as(ones),
        "running_mean": torch.zeros_like(ones),
        "running_var": ones,
    }


def settle(network: Network, frames: Pixels) -> None:
    """Gives every batch normalisation the statistics of these pictures, and changes nothing of what is evaluated.

    (x - mean) / deviation * weight + bias is one line; it is written with another mean and deviation.

    Args:
        network: left in training mode, in which it now says of such pictures what it says in evaluation.
        frames: uint8 [N, h, w, 3], some hundreds of those that are trained on.
    """
    layers = [layer for layer in network.modules() if isinstance(layer, _BatchNorm)]
    sums: dict[nn.Module, Tensor] = {layer: torch.zeros(2, layer.num_features).double() for layer in layers}

    def add(layer: nn.Module, given: tuple[Tensor, ...]) -> None:
        variance, mean = torch.var_mean(given[0].double(), (0, *range(2, given[0].ndim)), correction=0)
        sums[layer].add_(torch.stack((mean, variance + mean**2)), alpha=len(given[0]) / len(frames))

    hooks = [layer.register_forward_pre_hook(add) for layer in layers]
    with torch.inference_mode():
        for start in range(0, len(frames), BATCH):
            network.eval()(torch.from_numpy(frames[start : start + BATCH]))
    for hook in hooks:
        hook.remove()
    with torch.no_grad():
        for layer, (mean, square) in sums.items():
            _renormalise(layer, mean, square - mean**2)
    network.train()


def _renormalise(layer: Any, mean: Tensor, variance: Tensor) -> None:
    before = (layer.running_var + layer.eps).sqrt()
    layer.bias += (mean - layer.running_mean) / before * layer.weight
    layer.weight *= (variance + layer.eps).sqrt() / before
    layer.running_mean.copy_(mean)
    layer.running_var.copy_(variance)
