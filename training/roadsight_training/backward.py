"""The gradients of layers, in operators that ONNX has: it knows no backward operators.

    aten's convolution_backward, max_pool2d_with_indices_backward, ... --BACKWARD--> convolution, scatter_add, matmul
                                                                        NotDifferentiable

Only the gradient with respect to the input is written; weights are constants here. Activations and batch normalisation
need no line: the exporter takes their backward operators apart.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from roadsight_training.errors import NotDifferentiable

aten = torch.ops.aten
Sides = Sequence[int]  # one number for each side of a picture, or of a block


class Window(NamedTuple):
    """What one average is taken over, along one side: from `start`, before `stop`."""

    start: int
    stop: int


def convolution(
    gradient: Tensor,
    inputs: Tensor,
    weight: Tensor,
    bias: Sides,
    stride: Sides,
    padding: Sides,
    dilation: Sides,
    transposed: bool,
    output_padding: Sides,
    groups: int,
    wanted: Sequence[bool],
) -> tuple[Tensor, None, None]:
    """[N, O, h', w'] -> [N, I, h, w]."""
    if transposed:
        raise NotDifferentiable("a transposed convolution")
    reach = [d * (k - 1) for d, k in zip(dilation, weight.shape[2:], strict=True)]  # the kernel's side, less one
    if all(step == 1 for step in stride):
        # A convolution with the filters turned round, which ONNX Runtime computes faster than a transposed one.
        grouped = weight.reshape(groups, -1, *weight.shape[1:])  # [G, O / G, I / G, k, k]
        turned = grouped.transpose(1, 2).flatten(0, 1).flip(2, 3)  # [I, O / G, k, k]
        around = [r - p for r, p in zip(reach, padding, strict=True)]
        back = torch.convolution(gradient, turned, None, stride, around, dilation, False, [0, 0], groups)
        return back, None, None
    sides = zip(inputs.shape[2:], gradient.shape[2:], stride, padding, reach, strict=True)
    left = [side - ((out - 1) * s - 2 * p + r + 1) for side, out, s, p, r in sides]  # pixels that no filter reached
    return torch.convolution(gradient, weight, None, stride, padding, dilation, True, left, groups), None, None


def max_pool(
    gradient: Tensor,
    inputs: Tensor,
    kernel: Sides,
    stride: Sides,
    padding: Sides,
    dilation: Sides,
    ceil_mode: bool,
    largest: Tensor,
) -> Tensor:
    """[N, C, h', w'] -> [N, C, h, w]; `largest` int64 [N, C, h', w'] is where in its plane each maximum was found."""
    nothing = inputs.new_zeros(()).expand(inputs.shape).flatten(2)
    return nothing.scatter_add(2, largest.flatten(2), gradient.flatten(2)).view(inputs.shape)


def average_pool(
    gradient: Tensor,
    inputs: Tensor,
    kernel: Sides,
    stride: Sides,
    padding: Sides,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor: int | None,
) -> Tensor:
    """[N, C, h', w'] -> [N, C, h, w], or with a depth before h."""
    if divisor is not None:
        raise NotDifferentiable("an average pool with a divisor of its own")
    n = len(kernel)
    sides = zip(inputs.shape[-n:], gradient.shape[-n:], kernel, stride, padding, strict=True)
    windows = [[_window(side, o * s - p, k, p, count_include_pad) for o in range(out)] for side, out, k, s, p in sides]
    return _average(gradient, inputs, windows)


def _window(side: int, start: int, kernel: int, padding: int, count_include_pad: bool) -> Window:
    stop = min(start + kernel, side + padding)
    return Window(start, stop) if count_include_pad else Window(max(start, 0), min(stop, side))


def adaptive_average_pool(gradient: Tensor, inputs: Tensor) -> Tensor:
    """[N, C, h', w'] -> [N, C, h, w]."""
    sides = zip(inputs.shape[-2:], gradient.shape[-2:], strict=True)
    windows = [[Window(o * side // out, -(-(o + 1) * side // out)) for o in range(out)] for side, out in sides]
    return _average(gradient, inputs, windows)


def _average(gradient: Tensor, inputs: Tensor, windows: Sequence[Sequence[Window]]) -> Tensor:
    """Along each side on its own an average is a product with a matrix, and its gradient one with the transposed."""
    for axis, along in enumerate(windows, start=-len(windows)):
        if all(window == (i, i + 1) for i, window in enumerate(along)):
            continue  # nothing is averaged
        rows = [[(w.start <= i < w.stop) / (w.stop - w.start) for i in range(inputs.shape[axis])] for w in along]
        gradient = torch.tensordot(gradient, torch.tensor(rows), ([axis], [0])).movedim(-1, axis)
    return gradient


BACKWARD: dict[Any, Callable[..., Any]] = {
    aten.convolution_backward.default: convolution,
    aten.max_pool2d_with_indices_backward.default: max_pool,
    aten.avg_pool2d_backward.default: average_pool,
    aten.avg_pool3d_backward.default: average_pool,
    aten._adaptive_avg_pool2d_backward.default: adaptive_average_pool,
}
