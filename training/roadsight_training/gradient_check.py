"""Is the graph of a gradient that of its network? Proven on real images.

bytes, Network, frames --check_gradient--> Agreement
                       GradientBroken
"""

from copy import deepcopy
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
import torch

from roadsight_models.frame import Pixels
from roadsight_training.errors import GradientBroken
from roadsight_training.judging.evaluation import BATCH
from roadsight_training.networks import Network

TOLERANCE = 1e-4  # of the largest value of a picture
TRIES = 60  # of a picture that has a kink: measured, some have one again in four of five places beside it
ROOM = 0.25  # of the pictures: so many more may differ than torch's own gradients in float32 and float64 do
Floats = npt.NDArray[np.float32]
Values = npt.NDArray[np.float64]


class Agreement(NamedTuple):
    """How near the graph's gradient is to torch's."""

    largest: float  # difference of a picture, in parts of its largest value
    beside: float  # share of the pictures that were compared beside a kink

    def __str__(self) -> str:
        apart = f"differs from torch by {self.largest:.1g} of the largest value at most"
        return f"{apart}; {self.beside:.0%} of the images were compared beside a kink"


def check_gradient(graph: bytes, network: Network, frames: Pixels) -> Agreement:
    """Compares ONNX Runtime with torch on uint8 [N, h, w, 3] frames and random cotangents.

    Where a unit is within rounding of its kink (a ReLU of 0, a tie in a pool), each of two gradients is right. Such a
    picture is compared again a hair beside, where there is no kink; a wrong graph is wrong there, too.

    Raises:
        GradientBroken: a picture differs by more than 1e-4, and beside it every time; a value is not finite; or many
            more pictures differ as they are than torch's own gradients in float32 and float64 do: a fifth of a network
            with max pooling, half of EfficientNet-Lite1 on 160 pixels, hardly any of a small one.
    """
    session = ort.InferenceSession(graph, providers=["CPUExecutionProvider"])
    network.eval()
    rng = np.random.default_rng(0)
    largest, kinked = 0.0, 0
    for start in range(0, len(frames), BATCH):
        pixels = np.divide(frames[start : start + BATCH], 255, dtype=np.float32)
        differences = _differences(session, network, pixels, rng)
        kinked += int((differences > TOLERANCE).sum())
        for _ in range(TRIES):
            agree = differences <= TOLERANCE
            largest = max(largest, float(differences[agree].max(initial=0)))
            pixels = pixels[~agree]
            if not len(pixels) or not np.isfinite(differences).all():
                break
            differences = _differences(session, network, _beside(pixels, rng), rng)
        if not (differences <= TOLERANCE).all():  # so written that NaN is noticed
            raise GradientBroken(
                f"they differ by {differences.max():.2g} of the largest value of logits or gradient on one of "
                f"{len(frames)} images, and beside it; at most {TOLERANCE:g} is accepted"
            )
    own = _own_kinks(network, np.divide(frames[:BATCH], 255, dtype=np.float32), rng)
    if kinked > (own + ROOM) * len(frames):
        raise GradientBroken(
            f"{kinked} of {len(frames)} images differ as they are; torch in float32 and float64 differ on {own:.0%}"
        )
    return Agreement(largest, kinked / len(frames))


def _beside(pixels: Floats, rng: np.random.Generator) -> Floats:
    """The pictures, each value changed by less than half a step of uint8."""
    return pixels + rng.uniform(-0.5 / 255, 0.5 / 255, pixels.shape).astype(np.float32)


def _differences(session: ort.InferenceSession, network: Network, pixels: Floats, rng: np.random.Generator) -> Values:
    """How far apart ONNX Runtime and torch are on float32 [N, h, w, 3] in [0, 1]: [N], logits or gradient."""
    logits, gradient, cotangent = _autograd(network, pixels, rng)
    got = session.run(["logits", "gradient"], {"pixels": pixels, "cotangent": cotangent})
    return np.maximum(_apart(got[0], logits), _apart(got[1], gradient))


def _own_kinks(network: Network, pixels: Floats, rng: np.random.Generator) -> float:
    """The share of float32 [N, h, w, 3] pictures where torch's gradients in float32 and in float64 differ."""
    state = rng.bit_generator.state
    _, single, _ = _autograd(network, pixels, rng)
    rng.bit_generator.state = state  # the same cotangents
    _, double, _ = _autograd(deepcopy(network).double(), pixels, rng)
    return float((_apart(single, double) > TOLERANCE).mean())


def _autograd(network: Network, pixels: Floats, rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
    """Logits [N, K] and gradient [N, h, w, 3], in the network's precision, and the cotangent [N, K] drawn for them."""
    weights = next(network.parameters())
    shown = torch.from_numpy(pixels).to(weights.dtype).requires_grad_()
    logits = network(shown * 255).logits  # [N, K]
    cotangent = rng.standard_normal(logits.shape).astype(np.float32)
    (gradient,) = torch.autograd.grad(logits, shown, torch.from_numpy(cotangent).to(weights.dtype))
    return logits.detach().numpy(), gradient.numpy(), cotangent


def _apart(got: Floats, wanted: Floats) -> Values:
    """The largest difference of each picture, in parts of its largest value: [N]."""
    axes = tuple(range(1, wanted.ndim))
    largest = np.maximum(np.abs(wanted).max(axes), np.finfo(np.float32).tiny)  # of a picture without gradient
    return np.asarray(np.abs(got - wanted).max(axes).astype(np.float64) / largest)
