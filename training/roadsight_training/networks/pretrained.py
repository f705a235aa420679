"""Published ImageNet weights, put into a network before it is cut into stages.

name, weights --torchvision's enumerations--> member --download, load--> model
              BadWeights (no such weights)           BadWeights (no download, or a damaged one)
"""

import struct
from http.client import HTTPException
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import nn
from torchvision.models import WeightsEnum, get_model, get_model_weights  # type: ignore[import-untyped]

from roadsight_training.errors import BadWeights
from roadsight_training.recipe.network import IMAGENET, MEMBER

# What torch.load raises of a file that holds no tensors, by what its first bytes happen to be.
DAMAGED = (RuntimeError, UnpicklingError, EOFError, OSError, LookupError, TypeError, ValueError, struct.error)


def is_published(weights: str) -> bool:
    """Tells whether these are `imagenet` or a name of torchvision's enumerations, not a path of ours."""
    return weights == IMAGENET or (MEMBER in weights and "/" not in weights)


def torchvision_model(name: str, weights: str, **options: Any) -> nn.Module:
    """Builds a torchvision network with 1000 classes; with its weights, where published ones are asked for.

    Args:
        name: as torchvision lists it.
        weights: `imagenet` (torchvision's default for the network) or a member such as ResNet18_Weights.IMAGENET1K_V1;
            anything else leaves the network as it was initialised.
        options: for torchvision's builder.

    Raises:
        BadWeights: the weights are another network's, can't be downloaded, or are damaged.
    """
    model: nn.Module = get_model(name, weights=None, **options)
    if is_published(weights):
        _load(model, _choose(name, weights))
    return model


def _choose(name: str, weights: str) -> WeightsEnum:
    kinds = get_model_weights(name)
    # Without categories it is VGG-16's convolutions alone: its dense layers are NaN, and other means were taken away.
    known = {
        f"{kinds.__name__}.{key}": member for key, member in kinds.__members__.items() if member.meta["categories"]
    }
    known[IMAGENET] = kinds.DEFAULT
    if weights not in known:
        raise BadWeights(f"{weights} does not fit {name}, whose weights are: {', '.join(known)}")
    return known[weights]


def _load(model: nn.Module, chosen: WeightsEnum) -> None:
    """Downloads the weights, or takes the file that an earlier download left."""
    file = Path(torch.hub.get_dir(), "checkpoints", Path(chosen.url).name)
    try:
        model.load_state_dict(chosen.get_state_dict(progress=True, check_hash=True, weights_only=True))
    except (HTTPException, *DAMAGED) as error:
        kept = f"in {file} can't be read" if file.is_file() else f"could not be downloaded from {chosen.url} to {file}"
        raise BadWeights(f"{chosen} {kept}: {str(error).partition(':' + chr(10))[0]}") from error
