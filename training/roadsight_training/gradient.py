"""A trained network -> the graph of its gradient, for attacks where there is no torch.

Network --to_gradient_onnx--> bytes
        NotDifferentiable

torch differentiates the network once, here, on tensors without values, and what it did is exported as any other graph.
"""

from copy import deepcopy

import torch
from torch import Tensor
from torch._dispatch.python import enable_python_dispatcher
from torch.fx import GraphModule
from torch.fx.experimental.dynamic_spec import ShapeVar, TensorSpec
from torch.fx.experimental.proxy_tensor import make_fx

from roadsight_models.manifest import CropRule
from roadsight_training.backward import BACKWARD
from roadsight_training.errors import NotDifferentiable
from roadsight_training.graph import OPSET, to_bytes
from roadsight_training.networks import Network


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
