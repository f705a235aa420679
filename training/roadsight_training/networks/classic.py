"""AlexNet, VGG and GoogLeNet as torchvision defines them, cut into stages.

Shapes are for an input of 224 x 224; the adaptive pools before the dense layers take any other size.
"""

from typing import Any

from torch import nn

from roadsight_training.networks.network import Network, per_channel
from roadsight_training.networks.pretrained import torchvision_model
from roadsight_training.networks.small import Size, head
from roadsight_training.recipe import Network as Options

MEAN, DEVIATION = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)  # of ImageNet, as torchvision normalises


def alexnet(options: Options, classes: int, size: Size) -> Network:
    """AlexNet as in Krizhevsky 2014; local response normalisation as in Krizhevsky et al. 2012, section 3.3."""
    model: Any = torchvision_model("alexnet", options.weights, dropout=options.dropout)
    layers = list(model.features)

    def norm() -> list[nn.Module]:
        return [nn.LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2)] if options.local_response_norm else []

    stages = {
        "conv1": nn.Sequential(*layers[0:2], *norm(), layers[2]),  # [N, 64, 27, 27]
        "conv2": nn.Sequential(*layers[3:5], *norm(), layers[5]),  # [N, 192, 13, 13]
        "conv3": nn.Sequential(*layers[6:8]),  # [N, 384, 13, 13]
        "conv4": nn.Sequential(*layers[8:10]),  # [N, 256, 13, 13]
        "conv5": nn.Sequential(*layers[10:13]),  # [N, 256, 6, 6]
        "dense": nn.Sequential(model.avgpool, nn.Flatten(), *model.classifier[:-1]),  # [N, 4096]
    }
    return Network(per_channel(MEAN, DEVIATION), stages, nn.Linear(4096, classes))


def vgg(options: Options, classes: int, size: Size) -> Network:
    """VGG A, B, D, E (Simonyan and Zisserman 2014, table 1), with or without batch normalisation."""
    model: Any = torchvision_model(options.name, options.weights, dropout=options.dropout)
    stages: dict[str, nn.Module] = {}
    block: list[nn.Module] = []
    for layer in model.features:
        block.append(layer)
        if isinstance(layer, nn.MaxPool2d):
            stages[f"block{len(stages) + 1}"] = nn.Sequential(*block)  # [N, 64, 112, 112] to [N, 512, 7, 7]
            block = []
    stages["dense"] = nn.Sequential(model.avgpool, nn.Flatten(), *model.classifier[:-1])  # [N, 4096]
    return Network(per_channel(MEAN, DEVIATION), stages, nn.Linear(4096, classes))


def googlenet(options: Options, classes: int, size: Size) -> Network:
    """GoogLeNet (Szegedy et al. 2014, table 1), both auxiliary heads, and batch normalisation as in torchvision.

    Its last two modules hold two of the five and a half million parameters, for a picture that has shrunk to 1/32.
    """
    model: Any = torchvision_model("googlenet", options.weights, aux_logits=True, init_weights=True)
    stages = {
        "stem": nn.Sequential(
            model.conv1, model.maxpool1, model.conv2, model.conv3, model.maxpool2
        ),  # [N, 192, 28, 28]
        "inception3": nn.Sequential(model.inception3a, model.inception3b, model.maxpool3),  # [N, 480, 14, 14]
        "inception4a": model.inception4a,  # [N, 512, 14, 14]
        "inception4d": nn.Sequential(model.inception4b, model.inception4c, model.inception4d),  # [N, 528, 14, 14]
        "inception4e": nn.Sequential(model.inception4e, model.maxpool4),  # [N, 832, 7, 7]
        "inception5": nn.Sequential(model.inception5a, model.inception5b),  # [N, 1024, 7, 7]
        "pool": nn.Sequential(model.avgpool, nn.Flatten()),  # [N, 1024]
    }
    width = 1024
    if options.until is not None:
        width = 832  # channels of both
        stages["inception5"] = model.inception5a
        if options.until == "inception4e":
            stages["inception4e"] = model.inception4e
            del stages["inception5"]
    for auxiliary in (model.aux1, model.aux2):
        auxiliary.fc2 = nn.Linear(auxiliary.fc2.in_features, classes)
    # torchvision's weights were trained on pixels in -1..1.
    normalise = per_channel((127.5,) * 3, (127.5,) * 3)
    side = {"inception4a": model.aux1, "inception4d": model.aux2}
    return Network(normalise, stages, head(nn.Linear(width, classes), options), side)
