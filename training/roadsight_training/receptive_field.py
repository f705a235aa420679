"""How far a position of a feature map sees, worked out from one operation of torch to the next.

an operation and its arguments --window_of--> Window --Field.through--> Field of its output
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch

aten = torch.ops.aten

POOLINGS = (aten.max_pool2d_with_indices, aten.avg_pool2d)
PRODUCTS = (aten.addmm, aten.mm)  # what a fully connected layer is


class Window(NamedTuple):
    """What a convolution or a pooling slides over its input, along height and width."""

    kernel: tuple[int, ...]
    stride: tuple[float, ...]  # a fraction where an adaptive pooling spreads windows evenly
    padding: tuple[int, ...] = (0, 0)
    dilation: tuple[int, ...] = (1, 1)

    @property
    def extent(self) -> tuple[int, ...]:
        """Rows and columns from the first that it touches to the last."""
        return tuple((k - 1) * d + 1 for k, d in zip(self.kernel, self.dilation, strict=True))

    def spare(self, sides: Sequence[int]) -> tuple[int, ...]:
        """Rows and columns, padding included, by which the input is larger than the window; negative: it is smaller."""
        return tuple(n + 2 * p - extent for n, p, extent in zip(sides, self.padding, self.extent, strict=True))

    def left_over(self, sides: Sequence[int], positions: Sequence[int]) -> tuple[int, ...]:
        """Rows and columns, padding included, behind the last position; none where the last window hangs over."""
        spare = zip(self.spare(sides), positions, self.stride, strict=True)
        return tuple(max(0, int(rest - (out - 1) * stride)) for rest, out, stride in spare)


class Field(NamedTuple):
    """What one position of a feature map sees of the picture, along height and width."""

    size: tuple[float, ...] = (1, 1)  # pixels; infinite: the whole picture, whatever its size
    jump: tuple[float, ...] = (1, 1)  # pixels from one position to the next

    def through(self, window: Window) -> "Field":
        """Widens (Araujo, Norris and Sim 2019, "Computing receptive fields of convolutional neural networks")."""
        steps = zip(self.size, window.extent, self.jump, strict=True)
        size = tuple(size + (extent - 1) * jump for size, extent, jump in steps)
        return Field(size, tuple(jump * stride for jump, stride in zip(self.jump, window.stride, strict=True)))

    def everywhere(self) -> "Field":
        """Of a layer that looks at every position."""
        return self._replace(size=(math.inf, math.inf))


def joined(fields: Sequence[Field]) -> Field:
    """Where branches meet, the widest counts."""
    sizes, jumps = zip(*fields, strict=True)
    return Field(_widest_axes(sizes), _widest_axes(jumps))


def window_of(operation: Any, given: Mapping[str, Any]) -> Window | None:
    """The window of an aten operation with these arguments; none if it slides none."""
    if operation is aten.convolution:
        kernel = tuple(given["weight"].shape[2:])
        return Window(kernel, _pair(given["stride"]), _pair(given["padding"]), _pair(given["dilation"]))
    if operation in POOLINGS:
        kernel = _pair(given["kernel_size"])
        stride = _pair(given.get("stride") or kernel)
        return Window(kernel, stride, _pair(given.get("padding", 0)), _pair(given.get("dilation", 1)))
    if operation is aten._adaptive_avg_pool2d:
        sides = list(zip(given["self"].shape[2:], _pair(given["output_size"]), strict=True))
        return Window(tuple(_widest(n, out) for n, out in sides), tuple(n / out for n, out in sides))
    return None


def looks_everywhere(operation: Any, given: Mapping[str, Any]) -> bool:
    """Tells whether every output of an aten operation depends on every position of its input."""
    if operation is aten.mean:
        rank = given["self"].ndim
        return rank == 4 and {2, 3} <= {axis % rank for axis in given["dim"]}  # a global average
    return operation in PRODUCTS


def _widest(n: int, out: int) -> int:
    """The largest of the windows that an adaptive pooling divides n rows into."""
    return max(-(-(i + 1) * n // out) - i * n // out for i in range(out))


def _widest_axes(pairs: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
    return tuple(max(axis) for axis in zip(*pairs, strict=True))


def _pair(value: int | Sequence[int]) -> tuple[int, ...]:
    pair = (value,) if isinstance(value, int) else tuple(value)
    return pair * 2 if len(pair) == 1 else pair
