"""Statistics of the training pictures, put where the exported graph will have them.

frames uint8 [N, h, w, 3] --measure--> mean, deviation --copy--> network.normalise
"""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from roadsight_models.frame import Pixels
from roadsight_training.networks.network import Network, Normalise

Values = npt.NDArray[np.float64]

PLAIN_DEVIATION = 64.0  # where only a mean is taken away, values are still to be of order one


def placeholder(how: str, own: Normalise, size: tuple[int, int]) -> Normalise:
    """The normalisation of this shape, to be filled from pictures or from a checkpoint; `own` as it is."""
    if how == "own":
        return own
    sides = size if how == "mean_image" else (1, 1)
    return Normalise(torch.zeros(3, *sides), torch.full((3, 1, 1), PLAIN_DEVIATION))


def measure(network: Network, how: str, frames: Pixels) -> None:
    """Fills the network's normalisation from training pictures.

    Args:
        network: built with the same `how`.
        how: `mean_image`, `channel_mean` or `channel_mean_and_deviation`; `own` changes nothing.
        frames: uint8 [N, h, w, 3], cut by the crop rule.
    """
    if how == "own":
        return
    axes = (0,) if how == "mean_image" else (0, 1, 2)
    mean = frames.mean(axes, dtype=np.float64)  # [h, w, 3] or [3]
    network.normalise.mean.copy_(_as_buffer(mean))
    if how == "channel_mean_and_deviation":
        variance = _mean_square(frames) - mean**2
        network.normalise.deviation.copy_(_as_buffer(np.sqrt(np.maximum(variance, 1.0))))  # a grey set has none


def _mean_square(frames: Pixels) -> Values:
    # Picture by picture: the squares of all of them at once would take eight times their memory.
    squares: Values = np.mean([np.square(frame, dtype=np.float64).mean((0, 1)) for frame in frames], axis=0)
    return squares


def _as_buffer(values: Values) -> Tensor:
    planes = torch.from_numpy(values).float()
    return planes.view(1, 3, 1, 1) if planes.ndim == 1 else planes.permute(2, 0, 1)[None]
