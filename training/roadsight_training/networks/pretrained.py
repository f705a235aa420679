"""Published ImageNet weights, put into a network before it is cut into stages.

name, weights --torchvision's enumerations--> state dict --load--> model
              BadWeights (no such weights)    BadWeights (no download, or a damaged one)
"""

from pathlib import Path
from pickle import UnpicklingError
from typing import Any
from urllib.error import URLError

import torch
from torch import Tensor, nn
from torchvision.models import WeightsEnum, get_model, get_model_weights, get_weight  # type: ignore[import-untyped]

from roadsight_training.errors import BadWeights
from roadsight_training.recipe.network import IMAGENET, MEMBER


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
        model.load_state_dict(_download(_choose(name, weights)))
    return model


def _choose(name: str, weights: str) -> WeightsEnum:
    known = get_model_weights(name)
    names = ", ".join(str(member) for member in known)
    try:
        chosen = known.DEFAULT if weights == IMAGENET else get_weight(weights)
    except ValueError as error:
        raise BadWeights(f"torchvision has no weights {weights!r}; for {name} there are: {names}") from error
    if not isinstance(chosen, known):
        raise BadWeights(f"{weights} does not fit {name}, whose weights are: {names}")
    return chosen


def _download(chosen: WeightsEnum) -> dict[str, Tensor]:
    """Downloads the weights, or takes the file that an earlier download left."""
    file = Path(torch.hub.get_dir(), "checkpoints", Path(chosen.url).name)
    try:
        state: dict[str, Tensor] = chosen.get_state_dict(progress=True, check_hash=True, weights_only=True)
    except (URLError, OSError) as error:
        raise BadWeights(f"{chosen} could not be downloaded from {chosen.url} to {file}: {error}") from error
    except (RuntimeError, UnpicklingError, EOFError) as error:
        raise BadWeights(f"{chosen}, from {chosen.url} or {file}, is damaged: {error}") from error
    return state
