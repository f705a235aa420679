"""Which part of a network learns, and how fast.

Network, Transfer, fraction of the run --frozen_stages--> what stands still
                                        BadRecipe
Network, Transfer --parameter_groups--> groups for the optimiser, each with its stage's share of the learning rate
"""

from collections.abc import Iterator
from typing import Any

from torch import nn

from roadsight_training.errors import BadRecipe
from roadsight_training.networks import Network
from roadsight_training.recipe import Fit, Transfer


def frozen_stages(network: Network, transfer: Transfer, fraction: float) -> list[nn.Module]:
    """Finds the stages that stand still, and with them the side heads that look at such a stage.

    Args:
        network: whose stages are meant.
        transfer: the recipe's.
        fraction: of the steps that are done; matters to head_then_all alone.

    Raises:
        BadRecipe: more stages are to learn than there are.
    """
    names = list(network.stages)
    if transfer.train == "last_stages":
        learning = _with_weights(network)[-transfer.stages :]
        if len(learning) < transfer.stages:
            raise BadRecipe(
                "transfer.stages",
                f"{transfer.stages} stages are to learn; {len(learning)} have weights: use train: all",
            )
        still = names[: names.index(learning[0])]
    else:
        head_alone = transfer.train == "head" or (transfer.train == "head_then_all" and fraction < transfer.head_first)
        still = names if head_alone else []
    return [parts[name] for parts in (network.stages, network.auxiliary) for name in still if name in parts]


def set_frozen(network: Network, still: list[nn.Module]) -> None:
    """Lets these parts stand still and all others learn."""
    network.requires_grad_(True)
    for part in still:
        part.requires_grad_(False)


def parameter_groups(network: Network, transfer: Transfer, fit: Fit) -> list[dict[str, Any]]:
    """Every parameter in one group: by stage, and by whether weight decay touches it (vectors are never decayed)."""
    groups = []
    for depth, part in _from_the_head_down(network):
        rate = fit.learning_rate * transfer.layer_decay**depth
        parameters = list(part.parameters())
        for decay, chosen in (
            (fit.weight_decay, [p for p in parameters if p.ndim > 1]),
            (0.0, [p for p in parameters if p.ndim <= 1]),
        ):
            if chosen:
                groups.append({"params": chosen, "lr": rate, "weight_decay": decay})
    return groups


def _from_the_head_down(network: Network) -> Iterator[tuple[int, nn.Module]]:
    yield 0, network.head
    yield 0, network.auxiliary
    yield from enumerate((network.stages[name] for name in reversed(_with_weights(network))), start=1)


def _with_weights(network: Network) -> list[str]:
    return [name for name, stage in network.stages.items() if any(True for _ in stage.parameters())]
