"""What a network looks at: its first weights, its maps, and what in a picture spoke for a class.

Network --first_layer_filters--> Filters
Network, frames [N, h, w, 3] --activation_maps(stage)--> [N, C, h', w']
                             --grad_cam(classes)--> [N, h, w]
                               ValueError (no stage has a map: see `mapped_stages`)
"""

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from captum.attr import LayerAttribution, LayerGradCam  # type: ignore[import-untyped]
from torch import Tensor, nn

from roadsight_models.frame import Pixels
from roadsight_training.networks import Network

MIN_SIDE = 3  # positions: a smaller map can't tell where

Maps = npt.NDArray[np.float32]


class Filters(NamedTuple):
    """The weights that see the pixels, as pictures: grey is 0, and each picture's strongest weight is full colour."""

    tiles: Pixels  # uint8 [F, h, w, 3] RGB
    kind: Literal["filter", "unit", "class"]  # what a tile belongs to: of a convolution, of a dense layer, of the head


def first_layer_filters(network: Network, size: tuple[int, int]) -> Filters:
    """Shows the weights of the first layer.

    Args:
        network: any.
        size: height and width of its input; a dense layer's weights are as large as that.
    """
    in_order = (module for part in (network.stages, network.head) for module in part.modules())
    layer = next(module for module in in_order if isinstance(module, nn.Conv2d | nn.Linear))
    weights = layer.weight.detach()
    if isinstance(layer, nn.Conv2d):
        return Filters(_as_pictures(weights), "filter")
    planes = weights.view(-1, 3, *size)  # the dense networks flatten [N, 3, h, w]
    return Filters(_as_pictures(planes), "class" if layer in network.head.modules() else "unit")


def _as_pictures(planes: Tensor) -> Pixels:
    """[F, 3, h, w] -> uint8 [F, h, w, 3]."""
    strongest = planes.abs().amax((1, 2, 3), keepdim=True).clamp(min=1e-12)
    shown = 127.5 * (1 + planes / strongest)
    return np.asarray(shown.round().to(torch.uint8).permute(0, 2, 3, 1).numpy())


def mapped_stages(network: Network, size: tuple[int, int]) -> dict[str, tuple[int, int]]:
    """Names the stages that end with maps of at least 3 x 3 positions, in order, with the maps' height and width."""
    x = torch.zeros(1, 3, *size)
    stages = {}
    with torch.inference_mode():
        for name, stage in network.eval().stages.items():
            x = stage(x)
            if x.ndim == 4 and min(x.shape[2:]) >= MIN_SIDE:
                stages[name] = (x.shape[2], x.shape[3])
    return stages


def activation_maps(network: Network, frames: Pixels, stage: str) -> Maps:
    """What a stage says of uint8 [N, h, w, 3] frames: float32 [N, C, h', w']."""
    with torch.inference_mode():
        x = network.eval().normalise(torch.from_numpy(frames).permute(0, 3, 1, 2).float())
        for name, module in network.stages.items():
            x = module(x)
            if name == stage:
                break
    return np.asarray(x.numpy())


def grad_cam(network: Network, frames: Pixels, classes: npt.NDArray[np.int64]) -> Maps:
    """Tells where in each frame the evidence for a class lies (Selvaraju et al. 2017), by captum.

    It is taken at the last of `mapped_stages`: the deepest that can still tell where.

    Args:
        network: with a convolution.
        frames: uint8 [N, h, w, 3].
        classes: int64 [N], the class that is asked about, per frame.

    Returns:
        float32 [N, h, w] in [0, 1], the strongest evidence of each frame being 1; all 0 where nothing speaks for the
        class.

    Raises:
        ValueError: no stage has a map.
    """
    stages = mapped_stages(network, (frames.shape[1], frames.shape[2]))
    if not stages:
        raise ValueError("no stage of this network has a map, so it can't be told where it looks")
    explained = LayerGradCam(lambda given: network(given).logits, network.stages[list(stages)[-1]])
    given = torch.from_numpy(frames).float().requires_grad_()
    coarse = explained.attribute(given, torch.from_numpy(classes), relu_attributions=True).detach()  # [N, 1, h', w']
    maps = LayerAttribution.interpolate(coarse, frames.shape[1:3], "bilinear")[:, 0]  # [N, h, w]
    strongest = maps.amax((1, 2), keepdim=True)
    return np.asarray((maps / strongest.where(strongest > 0, 1)).numpy(), np.float32)
