"""A trained network -> the graph of its gradient, for attacks where there is no torch; proven on real images.

Network --to_gradient_onnx--> bytes --check_gradient--> Agreement
        NotDifferentiable           GradientBroken

torch differentiates the network once, here, on tensors without values, and what it did is exported as any other graph.
"""

from copy import deepcopy
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
import torch
from torch import Tensor
from torch._dispatch.python import enable_python_dispatcher
from torch.fx import GraphModule
from torch.fx.experimental.dynamic_spec import ShapeVar, TensorSpec
from torch.fx.experimental.proxy_tensor import make_fx

from roadsight_models.frame import Pixels
from roadsight_models.manifest import CropRule
from roadsight_training.backward import BACKWARD
from roadsight_training.errors import GradientBroken, NotDifferentiable
from roadsight_training.graph import OPSET, to_bytes
from roadsight_training.judging.evaluation import BATCH
from roadsight_training.networks import Network

TOLERANCE = 1e-4  # of the largest value of a picture
TRIES = 5  # of a picture that has a kink
KINKED = 1 / 3  # of the pictures, at most: measured, up to a fifth of a network with max pooling
Floats = npt.NDArray[np.float32]
Values = npt.NDArray[np.float64]


def to_gradient_onnx(network: Network, rule: CropRule) -> bytes:
    """Exports the network with its vector-Jacobian product, which serves every loss.

    Returns:
        An ONNX file, N dynamic: `pixels` float32 [N, h, w, 3] RGB in [0, 1] and `cotangent` float32 [N, K] in; `logits`
        float32 [N, K] and `gradient` float32 [N, h, w, 3] out, which is that of sum(cotangent * logits) by the pixels.

    Raises:
        NotDifferentiable: ONNX has no operators for the gradient of one of its layers.
    """
    # Two pictures, because a batch of one would be taken for a constant.
    pixels = torch.zeros((2, rule.height, rule.width, 3))
    cotangent = torch.zeros_like(network.eval()(pixels).logits, requires_grad=False)  # [2, K]
    try:
        program = torch.onnx.export(
            _differentiated(network, pixels, cotangent),
            (pixels, cotangent),
            dynamo=True,
            opset_version=OPSET,
            input_names=["pixels", "cotangent"],
            output_names=["logits", "gradient"],
            dynamic_shapes=({0: torch.export.Dim("N")}, {0: torch.export.Dim.DYNAMIC}),  # the same N, by the trace
            verbose=False,
        )
    except torch.onnx.OnnxExporterError as error:
        raise NotDifferentiable(_first_cause(error)) from error
    return to_bytes(program)


def _differentiated(network: Network, pixels: Tensor, cotangent: Tensor) -> GraphModule:
    """What torch does for pixels [N, h, w, 3], cotangent [N, K] -> logits [N, K], gradient [N, h, w, 3]."""
    # Not channels-last: there torch pools down to one pixel by a change of strides, which ONNX has not.
    copy = deepcopy(network).requires_grad_(False).to(memory_format=torch.contiguous_format)

    def product(pixels: Tensor, cotangent: Tensor) -> tuple[Tensor, Tensor]:
        frames = (pixels * 255).permute(0, 3, 1, 2).contiguous().permute(0, 2, 3, 1)  # [N, h, w, 3], NCHW in memory
        logits = copy(frames).logits  # [N, K]
        return logits, torch.autograd.grad(logits, pixels, cotangent)[0]

    n = ShapeVar("N", min=1)
    trace = make_fx(
        product,
        BACKWARD,
        tracing_mode="fake",
        _allow_non_fake_inputs=True,  # the weights
        dynamic_shapes={
            name: TensorSpec([n, *tensor.shape[1:]]) for name, tensor in (("pixels", pixels), ("cotangent", cotangent))
        },
    )
    with enable_python_dispatcher():  # without it some operators take N for a constant
        return trace(pixels.clone().requires_grad_(), cotangent).eval()


def _first_cause(error: BaseException) -> str:
    return _first_cause(error.__cause__) if error.__cause__ else str(error)


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
        GradientBroken: a picture differs by more than 1e-4, five times beside it, too; a value is not finite; or more
            than a third of the pictures differ as they are.
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
    if kinked > KINKED * len(frames):
        raise GradientBroken(
            f"{kinked} of {len(frames)} images differ as they are; at most {KINKED:.0%} may have a kink"
        )
    return Agreement(largest, kinked / len(frames))


def _beside(pixels: Floats, rng: np.random.Generator) -> Floats:
    """The pictures, each value changed by less than half a step of uint8."""
    return pixels + rng.uniform(-0.5 / 255, 0.5 / 255, pixels.shape).astype(np.float32)


def _differences(session: ort.InferenceSession, network: Network, pixels: Floats, rng: np.random.Generator) -> Values:
    """How far apart ONNX Runtime and torch are on float32 [N, h, w, 3] in [0, 1]: [N], logits or gradient."""
    shown = torch.from_numpy(pixels).requires_grad_()
    logits = network(shown * 255).logits  # [N, K]
    cotangent = rng.standard_normal(logits.shape).astype(np.float32)
    (gradient,) = torch.autograd.grad(logits, shown, torch.from_numpy(cotangent))
    got = session.run(["logits", "gradient"], {"pixels": pixels, "cotangent": cotangent})
    return np.maximum(_apart(got[0], logits.detach().numpy()), _apart(got[1], gradient.numpy()))


def _apart(got: Floats, wanted: Floats) -> Values:
    """The largest difference of each picture, in parts of its largest value: [N]."""
    axes = tuple(range(1, wanted.ndim))
    largest = np.maximum(np.abs(wanted).max(axes), np.finfo(np.float32).tiny)  # of a picture without gradient
    return np.asarray(np.abs(got - wanted).max(axes).astype(np.float64) / largest)
