"""The shape that every network has here: normalisation, stages, head; named outputs."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn


class Outputs(NamedTuple):
    """What a network says of a batch."""

    logits: Tensor  # float32 [N, K]
    embedding: Tensor  # float32 [N, D]: the features that the head sees
    auxiliary: tuple[Tensor, ...] = ()  # logits [N, K] of the side heads that are in training mode


class Normalise(nn.Module):
    """(x - mean) / deviation on RGB values 0..255; both per channel [3, 1, 1], or per pixel [3, h, w]."""

    def __init__(self, mean: Tensor, deviation: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", mean[None])
        self.register_buffer("deviation", deviation[None])
        self.mean: Tensor
        self.deviation: Tensor

    def forward(self, pixels: Tensor) -> Tensor:
        """[N, 3, h, w] -> [N, 3, h, w]."""
        return (pixels - self.mean) / self.deviation


def per_channel(mean: tuple[float, float, float], deviation: tuple[float, float, float]) -> Normalise:
    """Normalises by three means and three deviations, in units of 0..255."""
    return Normalise(torch.tensor(mean).view(3, 1, 1), torch.tensor(deviation).view(3, 1, 1))


class Network(nn.Module):
    """Pixels in, named outputs out.

    `stages` is the network from input to embedding, cut where its paper cuts it: what transfer freezes, what layer-wise
    learning rates decay over, and where activations are looked at. The last stage ends with features [N, D].
    """

    def __init__(
        self,
        normalise: Normalise,
        stages: Mapping[str, nn.Module],
        head: nn.Module,
        auxiliary: Mapping[str, nn.Module] | None = None,  # side heads, by the stage whose output they see
    ) -> None:
        super().__init__()
        self.normalise, self.stages, self.head = normalise, nn.ModuleDict(stages), head
        self.auxiliary = nn.ModuleDict(auxiliary or {})

    def forward(self, frames: Tensor) -> Outputs:
        """Classifies crops.

        Args:
            frames: uint8 or float [N, h, w, 3] RGB, values 0..255.
        """
        # A view: in memory an NHWC batch is a channels-last NCHW batch, which is the fast layout.
        x = self.normalise(frames.permute(0, 3, 1, 2).float())  # [N, 3, h, w]
        side = []
        for name, stage in self.stages.items():
            x = stage(x)  # [N, C, h', w'], and [N, D] after the last
            if name in self.auxiliary and self.auxiliary[name].training:
                side.append(self.auxiliary[name](x))  # [N, K]
        return Outputs(self.head(x), x, tuple(side))  # [N, K], [N, D]
