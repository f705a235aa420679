"""Networks by name, as one shape: pixels in, named outputs out.

    uint8 or float [N, h, w, 3] 0..255 --normalise--> [N, 3, h, w] --stages--> embedding [N, D] --head--> logits [N, K]
    recipe's `network` --build--> Network
                       BadRecipe, BadWeights

Normalisation is part of the network, so that it ends up inside the exported graph and nowhere else.
"""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches

import torch

from roadsight_training.errors import BadRecipe, BadWeights
from roadsight_training.networks.classic import alexnet, googlenet, vgg
from roadsight_training.networks.mobile import efficientnet_lite, mobilenet_v3_small
from roadsight_training.networks.network import Network, Outputs
from roadsight_training.networks.normalisation import placeholder
from roadsight_training.networks.pretrained import is_published
from roadsight_training.networks.residual import plain, resnet
from roadsight_training.networks.small import Size, lenet5, logistic, mlp
from roadsight_training.recipe import Network as Options

__all__ = ["NETWORKS", "Definition", "Network", "Outputs", "build"]

SPECIAL = (
    "activation",
    "initialisation",
    "batch_norm",
    "hidden",
    "pooling",
    "local_response_norm",
    "width",
    "stem",
    "until",
)


@dataclass(frozen=True)
class Definition:
    """How a network is built, which of the special options it takes, and whether anybody publishes its weights."""

    build: Callable[[Options, int, Size], Network]
    takes: frozenset[str] = frozenset()
    published: bool = True


NETWORKS: dict[str, Definition] = {
    "logistic": Definition(logistic, frozenset({"initialisation"}), published=False),
    "mlp": Definition(mlp, frozenset({"activation", "initialisation", "batch_norm", "hidden"}), published=False),
    "lenet5": Definition(lenet5, frozenset({"activation", "initialisation", "batch_norm", "pooling"}), published=False),
    "alexnet": Definition(alexnet, frozenset({"local_response_norm"})),
    **{f"vgg{depth}{norm}": Definition(vgg) for depth in (11, 13, 16, 19) for norm in ("", "_bn")},
    "googlenet": Definition(googlenet, frozenset({"until"})),
    "plain18": Definition(plain, published=False),
    "plain34": Definition(plain, published=False),
    "resnet18": Definition(resnet, frozenset({"width", "stem"})),
    "resnet34": Definition(resnet, frozenset({"width", "stem"})),
    "resnet50": Definition(resnet),
    "mobilenet_v3_small": Definition(mobilenet_v3_small),
    "efficientnet_lite0": Definition(efficientnet_lite),
    "efficientnet_lite1": Definition(efficientnet_lite),
}


def build(options: Options, classes: int, size: Size) -> Network:
    """Builds a network in training mode, with its published weights where the options ask for them.

    Args:
        options: the recipe's `network`.
        classes: K, the columns of `logits`.
        size: height and width of the input in pixels.

    Raises:
        BadRecipe: no such network, or it does not take an option; names what there is.
        BadWeights: its weights are missing or do not fit, or nobody publishes any.
    """
    definition = _definition(options.name)
    if refused := [name for name in SPECIAL if getattr(options, name) is not None and name not in definition.takes]:
        takes = ", ".join(sorted(definition.takes)) or "none of the special options"
        raise BadRecipe(f"network.{refused[0]}", f"{options.name} does not take it; it takes {takes}")
    if is_published(options.weights) and not definition.published:
        raise BadWeights(f"nobody publishes weights of {options.name}; it starts from none, or from a run of yours")
    network = definition.build(options, classes, size)
    network.normalise = placeholder(options.normalisation, network.normalise, size)
    return network.to(memory_format=torch.channels_last)


def _definition(name: str) -> Definition:
    if name not in NETWORKS:
        near = get_close_matches(name, NETWORKS, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise BadRecipe("network.name", f"no network {name!r}; {hint}there are: {', '.join(NETWORKS)}")
    return NETWORKS[name]
