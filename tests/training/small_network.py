"""A small trained network, as the graphs that are attacked here and as the torch module that others attack.

The pictures are the drawn shapes of `tiny`, but faint, so that the network is right about them and not sure.
"""

from functools import cache
from typing import NamedTuple

import cv2
import numpy as np
import onnxruntime as ort
import torch
from torch import Tensor, nn

from roadsight_models.frame import Pixels
from roadsight_models.gradient import Floats, Gradients
from roadsight_models.robustness.criterion import Criterion, Indices
from roadsight_models.robustness.victim import Victim
from roadsight_models.session import Outputs
from roadsight_training.gradient import to_gradient_onnx
from roadsight_training.graph import to_onnx
from roadsight_training.networks import Network
from training import tiny
from training.networks.proving import built, rule

SIDE, CLASSES = 32, 3
CONTRAST = 0.35  # of a shape over the noise that it is blended with


class Served(NamedTuple):
    """The classifier's graph in ONNX Runtime."""

    graph: ort.InferenceSession

    def run(self, frames: Pixels) -> Outputs:
        """Infers uint8 [N, h, w, 3]."""
        return Outputs(*self.graph.run(["logits", "embedding"], {"frames": frames}))


class Differentiable(NamedTuple):
    """The gradient's graph in ONNX Runtime."""

    graph: ort.InferenceSession

    def run(self, pixels: Floats, cotangent: Floats) -> Gradients:
        """Differentiates at float32 [N, h, w, 3]."""
        return Gradients(*self.graph.run(["logits", "gradient"], {"pixels": pixels, "cotangent": cotangent}))


class InTorch(nn.Module):
    """The network as attacks in torch want it: float [N, 3, h, w] in [0, 1] -> logits [N, K]."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: Tensor) -> Tensor:
        return self.network(pixels.permute(0, 2, 3, 1) * 255).logits  # type: ignore[no-any-return]


class Attacked(NamedTuple):
    """One network in both forms, and pictures that it is right about."""

    served: Served
    gradient: Differentiable
    torch: InTorch
    clean: Pixels  # uint8 [N, 32, 32, 3]
    labels: Indices  # int64 [N]

    def victim(self) -> Victim:
        """One that has not been asked anything yet."""
        return Victim(self.served, self.gradient)

    @property
    def criterion(self) -> Criterion:
        """Any class but the true one."""
        return Criterion(self.labels)


def faint(count: int, first_seed: int) -> tuple[Pixels, Indices]:
    """Shapes in noise: uint8 [count, 32, 32, 3], and their classes."""
    labels = np.arange(count) % CLASSES
    rng = np.random.default_rng(first_seed)
    noise = rng.integers(0, 256, (count, SIDE, SIDE, 3))
    drawn = [cv2.resize(tiny.shape(index, first_seed + i), (SIDE, SIDE)) for i, index in enumerate(labels.tolist())]
    return (CONTRAST * np.stack(drawn) + (1 - CONTRAST) * noise).astype(np.uint8), labels


def to_torch(pixels: Floats) -> Tensor:
    """[N, h, w, 3] -> [N, 3, h, w]."""
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)))


def to_numpy(pixels: Tensor) -> Floats:
    """[N, 3, h, w] -> [N, h, w, 3]."""
    return np.ascontiguousarray(pixels.detach().numpy().transpose(0, 2, 3, 1))


def open_on_one_core(graph: bytes) -> ort.InferenceSession:
    """As the service does: more threads than a small network needs only wait for each other."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


@cache
def attacked(count: int = 60) -> Attacked:
    """Trains, exports, and leaves the pictures that the network is right about, `count` at most."""
    network = built("lenet5", SIDE, CLASSES, activation="relu", pooling="max")
    frames, labels = faint(300, 0)
    optimiser = torch.optim.Adam(network.parameters(), 2e-3)
    for step in range(120):
        rows = np.random.default_rng(step).choice(len(frames), 50, replace=False)
        optimiser.zero_grad()
        logits = network.train()(torch.from_numpy(frames[rows])).logits
        nn.functional.cross_entropy(logits, torch.from_numpy(labels[rows])).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    network.eval().requires_grad_(False)
    graphs = to_onnx(network, rule(SIDE)), to_gradient_onnx(network, rule(SIDE))
    served, gradient = (open_on_one_core(graph) for graph in graphs)
    clean, true = faint(count, 10_000)
    right = Served(served).run(clean).logits.argmax(1) == true
    return Attacked(Served(served), Differentiable(gradient), InTorch(network).eval(), clean[right], true[right])
