"""Networks by name, as one shape: pixels in, named outputs out.

    uint8 or float [N, h, w, 3] 0..255 --normalise--> [N, 3, h, w] --body--> embedding [N, D] --head--> logits [N, K]
                                                                   BadWeights

Normalisation is part of the network, so that it ends up inside the exported graph and nowhere else.
"""

from collections.abc import Callable

from roadsight_training.networks.efficientnet import efficientnet_lite0
from roadsight_training.networks.network import Network, Outputs

__all__ = ["NETWORKS", "Network", "Outputs"]

Builder = Callable[[int, str, float], Network]  # classes, weights, dropout

NETWORKS: dict[str, Builder] = {
    "efficientnet_lite0": efficientnet_lite0,
}
