"""The small networks, from before 2012: softmax regression, a fully connected network, LeNet-5."""

from functools import partial

import torch
from torch import Tensor, nn

from roadsight_training.networks.activations import activated, initialise
from roadsight_training.networks.network import Network, per_channel
from roadsight_training.recipe import Network as Options

Size = tuple[int, int]  # height, width

MEAN, DEVIATION = (127.5,) * 3, (64.0,) * 3  # about zero mean and unit variance for any photograph
HIDDEN = (512, 256)
POOLS = {"average": nn.AvgPool2d, "max": nn.MaxPool2d}


class Sigmoid2(nn.Module):
    """A single sigmoid unit as two logits (0, z): their softmax is (1 - sigmoid(z), sigmoid(z))."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.unit = nn.Linear(features, 1)

    def forward(self, x: Tensor) -> Tensor:
        """[N, D] -> [N, 2]."""
        z = self.unit(x)  # [N, 1]
        return torch.cat((torch.zeros_like(z), z), 1)


def logistic(options: Options, classes: int, size: Size) -> Network:
    """Logistic regression on pixels: softmax over K classes, one sigmoid unit for two."""
    features = 3 * size[0] * size[1]
    unit = Sigmoid2(features) if classes == 2 else nn.Linear(features, classes)
    network = Network(per_channel(MEAN, DEVIATION), {"pixels": nn.Flatten()}, head(unit, options))
    initialise(network, options.initialisation or "small_normal")
    return network


def mlp(options: Options, classes: int, size: Size) -> Network:
    """A fully connected network; ReLU and two hidden layers unless the options say otherwise."""
    stages: dict[str, nn.Module] = {"pixels": nn.Flatten()}
    features = 3 * size[0] * size[1]
    for number, width in enumerate(options.hidden or HIDDEN, start=1):
        norm = nn.BatchNorm1d(width) if options.batch_norm else None
        stages[f"hidden{number}"] = activated(partial(nn.Linear, features), width, options.activation or "relu", norm)
        features = width
    network = Network(per_channel(MEAN, DEVIATION), stages, head(nn.Linear(features, classes), options))
    initialise(network, options.initialisation or "he")
    return network


def lenet5(options: Options, classes: int, size: Size) -> Network:
    """LeNet-5 (LeCun et al. 1998, figure 2): tanh and average pooling, or as the options say.

    As everybody builds it today: every map of C3 sees every map of S2, pooling has no weights, the output is linear.
    """
    activation, pool = options.activation or "tanh", POOLS[options.pooling or "average"]

    def block(features: int, width: int) -> nn.Sequential:
        norm = nn.BatchNorm2d(width) if options.batch_norm else None
        return activated(lambda out: nn.Conv2d(features, out, 5), width, activation, norm)

    left = [((side - 4) // 2 - 4) // 2 - 4 for side in size]  # what C5 leaves of each side
    norm = nn.BatchNorm1d(84) if options.batch_norm else None
    dense = activated(lambda out: nn.Linear(120 * left[0] * left[1], out), 84, activation, norm)
    stages = {  # shapes for an input of 32 x 32
        "c1": nn.Sequential(block(3, 6), pool(2)),  # [N, 6, 14, 14]
        "c3": nn.Sequential(block(6, 16), pool(2)),  # [N, 16, 5, 5]
        "c5": block(16, 120),  # [N, 120, 1, 1]
        "f6": nn.Sequential(nn.Flatten(), dense),  # [N, 84]
    }
    network = Network(per_channel(MEAN, DEVIATION), stages, head(nn.Linear(84, classes), options))
    initialise(network, options.initialisation or "xavier")
    return network


def head(unit: nn.Module, options: Options) -> nn.Sequential:
    """Dropout, then the unit that gives the logits."""
    return nn.Sequential(nn.Dropout(options.dropout), unit)
