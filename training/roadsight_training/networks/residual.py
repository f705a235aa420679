"""ResNet as torchvision defines it, and the plain networks that He et al. compare it with.

Shapes are for an input of 224 x 224.
"""

from typing import Any

import timm
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock, ResNet  # type: ignore[import-untyped]

from roadsight_training.errors import BadWeights
from roadsight_training.networks.classic import DEVIATION, MEAN
from roadsight_training.networks.network import Network, per_channel
from roadsight_training.networks.pretrained import is_published, torchvision_model
from roadsight_training.networks.small import Size, head
from roadsight_training.recipe import Network as Options

CHANNELS = (64, 128, 256, 512)  # of the four stages
PLAIN = {"plain18": [2, 2, 2, 2], "plain34": [3, 4, 6, 3]}  # He et al. 2015, table 1: blocks a stage


class PlainBlock(BasicBlock):  # type: ignore[misc]
    """Two 3 x 3 convolutions with batch normalisation and no shortcut."""

    def __init__(
        self, inplanes: int, planes: int, stride: int = 1, downsample: object = None, *more: Any, **named: Any
    ) -> None:
        super().__init__(inplanes, planes, stride, None, *more, **named)  # the shortcut's projection is dropped, too

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, h, w] -> [N, planes, h / stride, w / stride]."""
        x = self.relu(self.bn1(self.conv1(x)))  # [N, planes, h / stride, w / stride]
        out: Tensor = self.relu(self.bn2(self.conv2(x)))  # the same
        return out


def resnet(options: Options, classes: int, size: Size) -> Network:
    """ResNet-18, 34, 50 (He et al. 2015); those of another width or stem have no published weights.

    Raises:
        BadWeights: published weights are asked for, and another width or stem.
    """
    if options.width is None and options.stem is None:
        return _staged(torchvision_model(options.name, options.weights), options, classes)
    if is_published(options.weights):
        raise BadWeights(f"nobody publishes weights of {options.name} with another width or stem")
    channels = [round((options.width or 1) * standard) for standard in CHANNELS]
    model: Any = timm.create_model(options.name, channels=channels, stem_width=channels[0], zero_init_last=False)
    model.relu, model.avgpool = model.act1, nn.AdaptiveAvgPool2d(1)
    if options.stem == "small":
        width = model.conv1.out_channels
        model.conv1, model.maxpool = nn.Conv2d(3, width, 3, stride=2, padding=1, bias=False), nn.Identity()
        nn.init.kaiming_normal_(model.conv1.weight, mode="fan_out", nonlinearity="relu")
    return _staged(model, options, classes)


def plain(options: Options, classes: int, size: Size) -> Network:
    """Plain-18, 34: ResNet without its shortcuts."""
    return _staged(ResNet(PlainBlock, PLAIN[options.name]), options, classes)


def _staged(model: Any, options: Options, classes: int) -> Network:
    stages = {
        "stem": nn.Sequential(model.conv1, model.bn1, model.relu, model.maxpool),  # [N, 64, 56, 56]
        "layer1": model.layer1,  # [N, 64, 56, 56]; ResNet-50 has four times the channels from here on
        "layer2": model.layer2,  # [N, 128, 28, 28]
        "layer3": model.layer3,  # [N, 256, 14, 14]
        "layer4": model.layer4,  # [N, 512, 7, 7]
        "pool": nn.Sequential(model.avgpool, nn.Flatten()),  # [N, 512]
    }
    unit = nn.Linear(model.fc.in_features, classes)
    return Network(per_channel(MEAN, DEVIATION), stages, head(unit, options))
