"""What the small networks take as options: activation and initialisation."""

from collections.abc import Callable

from torch import Tensor, nn

PIECES = 2  # linear pieces of a maxout unit


class Maxout(nn.Module):
    """The largest of each two neighbouring channels (Goodfellow et al. 2013): [N, 2 C, ...] -> [N, C, ...]."""

    def forward(self, x: Tensor) -> Tensor:
        """[N, 2 C, ...] -> [N, C, ...]."""
        return x.reshape(-1, x.shape[1] // PIECES, PIECES, *x.shape[2:]).amax(2)


ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
    "leaky_relu": lambda: nn.LeakyReLU(0.1),
    "elu": nn.ELU,  # Clevert et al. 2016
    "maxout": Maxout,
}

INITIALISATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "small_normal": lambda weight: nn.init.normal_(weight, std=0.01),
    "xavier": nn.init.xavier_uniform_,  # Glorot and Bengio 2010
    "he": lambda weight: nn.init.kaiming_normal_(weight, nonlinearity="relu"),  # He et al. 2015
}


def activated(layer: Callable[[int], nn.Module], width: int, activation: str, norm: nn.Module | None) -> nn.Sequential:
    """A layer of that width, batch normalisation if given, and its activation; `layer` makes one of any width."""
    if activation == "maxout":
        # Normalisation comes after the maximum: of the pieces only the largest is passed on.
        return nn.Sequential(layer(width * PIECES), Maxout(), *([norm] if norm else []))
    return nn.Sequential(layer(width), *([norm] if norm else []), ACTIVATIONS[activation]())


def initialise(network: nn.Module, how: str) -> None:
    """Fills every matrix and filter by the rule; biases become 0."""
    for module in network.modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            INITIALISATIONS[how](module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
