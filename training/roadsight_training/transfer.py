"""Which part of a network learns, and how fast.

Network, Transfer, fraction of the run --frozen_stages--> stages that stand still
Network, Transfer --parameter_groups--> groups for the optimiser, each with its stage's share of the learning rate
"""

from collections.abc import Iterator
from typing import Any

from torch import nn

from roadsight_training.errors import BadRecipe
from roadsight_training.networks import Network
from roadsight_training.recipe import Fit, Transfer


def frozen_stages(network: Network, transfer: Transfer, fraction: float) -> list[nn.Module]:
    """Names what stands still.

    Args:
        network: whose stages are meant.
        transfer: the recipe's.
        fraction: of the steps that are done; matters to head_then_all alone.

    Raises:
        BadRecipe: more stages are to learn than there are.
    """
    stages = list(network.stages.values())
    if transfer.train == "last_stages":
        learning = [stage for stage in stages if any(True for _ in stage.parameters())][-transfer.stages :]
        if len(learning) < transfer.stages:
            raise BadRecipe(
                "transfer.stages",
                f"{transfer.stages} stages are to learn; {len(learning)} have weights: use train: all",
            )
        return stages[: stages.index(learning[0])]
    head_alone = transfer.train == "head" or (transfer.train == "head_then_all" and fraction < transfer.head_first)
    return stages if head_alone else []


def set_frozen(network: Network, stages: list[nn.Module]) -> None:
    """Lets these stages stand still and all others learn; side heads on a frozen stage have nothing to teach it."""
    network.requires_grad_(True)
    for stage in stages:
        stage.requires_grad_(False)


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
    learning = [stage for stage in network.stages.values() if any(True for _ in stage.parameters())]
    yield from enumerate(reversed(learning), start=1)
