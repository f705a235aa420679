"""The shape that every network has here: normalisation, body, head; named outputs."""

from typing import NamedTuple

import torch
from torch import Tensor, nn


class Outputs(NamedTuple):
    """What a network says of a batch."""

    logits: Tensor  # float32 [N, K]
    embedding: Tensor  # float32 [N, D]: the pooled features that the head sees


class Normalise(nn.Module):
    """(x - mean) / deviation per channel on RGB values 0..255."""

    def __init__(self, mean: tuple[float, float, float], deviation: tuple[float, float, float]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1))
        self.register_buffer("deviation", torch.tensor(deviation).view(1, 3, 1, 1))
        self.mean: Tensor
        self.deviation: Tensor

    def forward(self, pixels: Tensor) -> Tensor:
        """[N, 3, h, w] -> [N, 3, h, w]."""
        return (pixels - self.mean) / self.deviation


class Network(nn.Module):
    """Pixels in, named outputs out."""

    def __init__(self, normalise: Normalise, body: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.normalise, self.body, self.head = normalise, body, head

    def forward(self, frames: Tensor) -> Outputs:
        """Classifies crops.

        Args:
            frames: uint8 or float [N, h, w, 3] RGB, values 0..255.
        """
        # A view: in memory an NHWC batch is a channels-last NCHW batch, which is the fast layout.
        x = frames.permute(0, 3, 1, 2).float()  # [N, 3, h, w]
        x = self.normalise(x)  # [N, 3, h, w]
        embedding = self.body(x)  # [N, D]
        return Outputs(self.head(embedding), embedding)  # [N, K], [N, D]
