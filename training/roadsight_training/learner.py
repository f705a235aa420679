"""The network of an attacker: taught what he was told, and differentiated by its pixels.

pictures, labels --teach--> Network --slopes--> the gradient of its logits, weighted
"""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from roadsight_models.frame import Pixels
from roadsight_models.robustness.criterion import Indices, Logits
from roadsight_models.robustness.threat import Floats
from roadsight_training.networks import Network

BATCH = 64
RATE = 0.002  # of AdamW

Weigh = Callable[[Logits, Indices], npt.NDArray[np.float64]]  # logits [J, K] of which pictures [J] -> weights [J, K]


def slopes(network: Network, pixels: Floats, weigh: Weigh) -> Floats:
    """The gradient of a weighted sum of a network's logits, by the pixels.

    Args:
        network: in evaluation mode.
        pixels: float32 [N, h, w, 3] in [0, 1].
        weigh: how much each logit counts; only in proportion.

    Returns:
        float32 [N, h, w, 3]; a picture's own length means nothing.
    """
    found = []
    for rows in _batches(np.arange(len(pixels))):
        values = torch.from_numpy(pixels[rows]).requires_grad_()
        logits = network(values * 255).logits
        weights = weigh(logits.detach().numpy(), rows)
        largest = np.abs(weights).max(1, keepdims=True)
        scaled = torch.from_numpy(weights / np.where(largest > 0, largest, 1)).float()
        found.append(torch.autograd.grad(logits, values, scaled)[0].numpy())
    return np.concatenate(found)


def teach(network: Network, frames: Pixels, labels: Indices, epochs: int, rng: np.random.Generator) -> None:
    """Goes on training with uint8 [M, h, w, 3] and int64 [M]; leaves the network in evaluation mode."""
    optimiser = torch.optim.AdamW(network.parameters(), RATE)
    network.train()
    for _ in range(epochs):
        for rows in _batches(rng.permutation(len(frames))):
            logits = network(torch.from_numpy(frames[rows])).logits
            loss = functional.cross_entropy(logits, torch.from_numpy(labels[rows]))
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    network.eval()


def _batches(rows: Indices) -> list[Indices]:
    """Of much the same size each, so that none is too small for batch normalisation."""
    return np.array_split(rows, math.ceil(len(rows) / BATCH))
