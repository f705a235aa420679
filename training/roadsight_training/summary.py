"""What a network is made of, layer by layer, for pictures of one size.

    Network, (h, w) --run without numbers, on shapes--> Layers --> Summary
                    BadRecipe: a layer would have no output; names it

Every operation is watched rather than every module, so that branches, shortcuts and functional calls count, too.
"""

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from math import isinf
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from roadsight_training.errors import BadRecipe
from roadsight_training.networks import Network
from roadsight_training.receptive_field import Field, Window, joined, looks_everywhere, window_of


@dataclass(frozen=True)
class Layer:
    """A module that has parameters, looks at more than one position, or changes the shape."""

    name: str
    kind: str
    shape: tuple[int, ...]  # of the output: (C, h, w) or (D,)
    receptive_field: int | Literal["all"]  # pixels along the longer side; all: the picture, whatever its size
    parameters: int
    macs: int  # multiplications with additions, for one picture
    left_over: int  # rows or columns, padding included, behind the last window: 0 if stride and kernel fit
    dropped: int  # those of them that are not padding


@dataclass(frozen=True)
class Summary:
    """A network as it serves: side heads, which training alone has, are left out."""

    layers: tuple[Layer, ...]
    parameters: int
    macs: int  # multiplications with additions, for one picture

    @property
    def receptive_field(self) -> int | Literal["all"]:
        """Of the last convolution; all, too, if there is none."""
        return next((layer.receptive_field for layer in reversed(self.layers) if layer.kind == "Conv2d"), "all")


def summarise(network: Network, size: tuple[int, int]) -> Summary:
    """Lists a network's layers, in the order in which they run; takes no memory, and leaves the network as it is.

    Args:
        network: on any device, meta too.
        size: height and width of the pictures.

    Raises:
        BadRecipe: the pictures are so small that a layer would have no output; names it.
    """
    copy = _without_numbers(network)
    watch = _Watch(torch.empty(1, *size, 3, device="meta"))
    for name, module in list(copy.named_modules())[1:]:  # the first is the network itself
        module.register_forward_pre_hook(lambda module, _, name=name: watch.enter(name, module))
        module.register_forward_hook(watch.leave)
    with torch.no_grad(), watch.counter, watch:
        copy(watch.frames)
    layers = tuple(watch.layers)
    return Summary(layers, sum(layer.parameters for layer in layers), sum(layer.macs for layer in layers))


def _without_numbers(network: Network) -> Network:
    # deepcopy takes what its memo holds for an object in place of a copy: no weight is copied.
    memo: dict[int, Any] = {id(p): nn.Parameter(torch.empty_like(p, device="meta")) for p in network.parameters()}
    memo |= {id(buffer): torch.empty_like(buffer, device="meta") for buffer in network.buffers()}
    return deepcopy(network, memo).eval()


@dataclass
class _Running:
    """A module while it runs: what its own operations did, without those of the modules inside it."""

    name: str
    kind: str
    macs: int = 0
    looks_around: bool = False
    left_over: int = 0
    dropped: int = 0


class _Watch(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Follows the receptive field through every operation, and writes a Layer when a module has run."""

    def __init__(self, frames: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.frames, self.counter = frames, FlopCounterMode(display=False)
        self.fields = {id(frames): (frames, Field())}  # with the tensor: the id of one that is gone is given again
        self.running = [_Running("", "Network")]
        self.layers: list[Layer] = []

    def enter(self, name: str, module: nn.Module) -> None:
        self.running.append(_Running(name.removeprefix("stages."), type(module).__name__))

    def leave(self, module: nn.Module, given: tuple[Tensor, ...], output: Tensor) -> None:
        done = self.running.pop()
        parameters = sum(parameter.numel() for parameter in module.parameters(recurse=False))
        reshaped = not list(module.children()) and output.shape != given[0].shape
        if not (parameters or done.looks_around or reshaped):
            return
        reach = max(self.fields[id(output)][1].size)
        seen: int | Literal["all"] = "all" if isinf(reach) else round(reach)
        shape = tuple(output.shape[1:])
        self.layers.append(
            Layer(done.name, done.kind, shape, seen, parameters, done.macs, done.left_over, done.dropped)
        )

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Runs one operation."""
        kwargs = kwargs or {}
        given = dict(zip((argument.name for argument in func._schema.arguments), args, strict=False)) | kwargs
        fields = [self.fields[id(tensor)][1] for tensor in tree_leaves((args, kwargs)) if id(tensor) in self.fields]
        window = window_of(func.overloadpacket, given)
        if window:
            self._refuse_empty(window, args[0])
        before = self.counter.get_total_flops()
        output = func(*args, **kwargs)
        self.running[-1].macs += (self.counter.get_total_flops() - before) // 2
        if fields:
            seen = joined(fields)
            if window:
                seen = self._look_around(seen, window, args[0], tree_leaves(output)[0])
            elif looks_everywhere(func.overloadpacket, given):
                seen = seen.everywhere()
                self.running[-1].looks_around = True
            self.fields |= {id(tensor): (tensor, seen) for tensor in tree_leaves(output)}
        return output

    def _refuse_empty(self, window: Window, x: Tensor) -> None:
        if min(window.spare(x.shape[2:])) >= 0:
            return
        now, (height, width) = self.running[-1], self.frames.shape[1:3]
        padded = (n + 2 * p for n, p in zip(x.shape[2:], window.padding, strict=True))
        raise BadRecipe(
            "input",
            f"3x{height}x{width} is too small: layer {now.name} ({now.kind}) would have no output, since its window of "
            f"{by(window.extent)} does not fit into {by(padded)}, padding included",
        )

    def _look_around(self, seen: Field, window: Window, x: Tensor, output: Tensor) -> Field:
        now, left_over = self.running[-1], window.left_over(x.shape[2:], output.shape[2:])
        dropped = (rest - padding for rest, padding in zip(left_over, window.padding, strict=True))
        now.looks_around = True
        now.left_over, now.dropped = max(now.left_over, *left_over), max(now.dropped, *dropped)
        return seen.through(window)


def by(sides: Iterable[int]) -> str:
    """Writes a shape as it is said: 3x64x64."""
    return "x".join(map(str, sides))
