"""A small trained network under attack, in torch and as it is served.

patterns in noise --Adam--> Network --to_onnx, to_gradient_onnx--> Bundle --> Victim
                               '--ChannelsFirst--> what torchattacks and foolbox attack
"""

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

import colours
from roadsight_models.frame import Pixels
from roadsight_models.gradient import open_gradient
from roadsight_models.robustness.criterion import Indices
from roadsight_models.robustness.victim import Victim, to_floats
from roadsight_models.session import open_session
from roadsight_training.golden import golden_file
from roadsight_training.gradient import to_gradient_onnx
from roadsight_training.graph import to_onnx
from roadsight_training.networks import Network
from training.networks.proving import CLASSES, built, rule

SIDE = 16  # pixels
CONTRASTS, NOISE = (10, 90), 40  # grey levels, standard deviations: of the patterns from faint to plain, of the noise
LESSONS, BATCH = 40, 64


class ChannelsFirst(nn.Module):
    """The network as others would have it: float [N, 3, h, w] in [0, 1] -> logits [N, K]."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: Tensor) -> Tensor:
        logits: Tensor = self.network(pixels.permute(0, 2, 3, 1) * 255).logits
        return logits


class Attacked(NamedTuple):
    """One network, twice, and pictures that it has not seen."""

    model: ChannelsFirst
    victim: Victim
    frames: Pixels  # uint8 [N, 16, 16, 3]
    labels: Indices

    def tensors(self) -> tuple[Tensor, Tensor]:
        """The pictures and labels for torch: float [N, 3, 16, 16] in [0, 1], int64 [N]."""
        return torch.from_numpy(to_floats(self.frames)).permute(0, 3, 1, 2).contiguous(), torch.from_numpy(self.labels)


def pictures(count: int, rng: np.random.Generator) -> tuple[Pixels, Indices]:
    """Each shows one of five smooth patterns, always the same five, more or less lost in noise."""
    coarse = np.random.default_rng(0).standard_normal((CLASSES, 4, 4, 3))
    patterns = np.stack([cv2.resize(one, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC) for one in coarse])
    labels, contrast = rng.integers(0, CLASSES, count), rng.uniform(*CONTRASTS, (count, 1, 1, 1))
    values = 128 + contrast * patterns[labels] + NOISE * rng.standard_normal((count, SIDE, SIDE, 3))
    return np.asarray(values.clip(0, 255), np.uint8), labels


def trained(rng: np.random.Generator) -> Network:
    """A network of two hidden layers after a second of lessons."""
    network = built("mlp", SIDE, hidden=(64, 32)).train()
    optimiser = torch.optim.Adam(network.parameters(), 1e-3)
    for _ in range(LESSONS):
        frames, labels = pictures(BATCH, rng)
        logits, truth = network(torch.from_numpy(frames)).logits, torch.from_numpy(labels)
        loss = cross_entropy(logits, truth, label_smoothing=0.1)  # torch loses the gradient of a network that is sure
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return network.eval()


def attacked(root: Path, count: int) -> Attacked:
    """Trains the network, publishes it under `root` and opens it; and so many pictures for it."""
    rng = np.random.default_rng(1)
    network, crop = trained(rng), rule(SIDE)
    files = {
        "classifier.onnx": to_onnx(network, crop),
        "gradient.onnx": to_gradient_onnx(network, crop),
        "golden.npz": golden_file(network, crop),
    }
    bundle = colours.save(root, files, labels=tuple("abcde"), input=crop)
    victim = Victim(open_session(bundle, "cpu"), open_gradient(bundle, "cpu"))
    return Attacked(ChannelsFirst(network).eval(), victim, *pictures(count, rng))
