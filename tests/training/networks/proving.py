"""Networks, drawn pictures and batches to prove them with."""

from functools import cache
from pathlib import Path

import torch
from torch import nn

from roadsight_models import bundle as bundles
from roadsight_models.frame import Pixels
from roadsight_models.manifest import CropRule
from roadsight_training.golden import drawn_crops
from roadsight_training.loading import Batch
from roadsight_training.networks import Network, build
from roadsight_training.recipe import Network as Options
from roadsight_training.recipe import parse

CLASSES = 5
SHIPPED = bundles.latest(Path(__file__).parents[3] / "models" / "bundles")["traffic-sign"]
MANIFEST = bundles.load(SHIPPED).manifest
SHIPPED_SIDE = MANIFEST.input.width  # pixels
_TOLD = parse(MANIFEST.provenance.recipe, SHIPPED).network
SHIPPED_NETWORK = _TOLD.model_dump(include={"name", "until"}, exclude_none=True)  # what a recipe says to start from it


def rule(side: int) -> CropRule:
    return CropRule(width=side, height=side, context=0, resize="area_or_linear", min_side=8)


@cache
def frames(side: int) -> Pixels:
    """Drawn signs: uint8 [20, side, side, 3]."""
    return drawn_crops(rule(side))


def batch(n: int, side: int, classes: int = CLASSES) -> Batch:
    targets = torch.eye(classes)[torch.arange(n) % classes]
    return Batch(torch.from_numpy(frames(side)[:n]), targets, torch.ones(n))


def built(name: str, side: int, classes: int = CLASSES, seed: int = 0, **options: object) -> Network:
    torch.manual_seed(seed)
    return build(Options.model_validate({"name": name} | options), classes, (side, side))


def live_in(network: nn.Module) -> None:
    """Gives every batch normalisation what a trained one has: statistics, scale and shift of its own."""
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.normal_(layer.bias, std=0.2)
            layer.running_mean = torch.randn(layer.num_features) * 0.2
            layer.running_var = torch.rand(layer.num_features) + 0.5


def count(module: nn.Module) -> int:
    """How many parameters it has."""
    return sum(parameter.numel() for parameter in module.parameters())
