"""What an attack may ask of the model it attacks: the very session that serves, and the gradient of its network.

    pixels --logits--> what the served session says of them, rounded to uint8 as a client would send them
    pixels, Loss --climb--> value and gradient;  pixels, weights of logits --pull--> gradient

Forward goes through the served graph, in whichever precision, backward through the float one: where quantisation hides
the gradient, this is the straight-through estimate of Athalye et al. 2018 (arXiv:1802.00420, BPDA).
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from roadsight_models.errors import BadParameter
from roadsight_models.frame import Pixels
from roadsight_models.gradient import Gradients
from roadsight_models.robustness.criterion import Criterion, Logits
from roadsight_models.robustness.losses import Loss, Values
from roadsight_models.robustness.threat import Floats
from roadsight_models.session import Outputs

BATCH = 16  # pictures: more are no faster on a CPU, and memory is kept of the largest


class Served(Protocol):
    """What answers clients: `Session`."""

    def run(self, frames: Pixels) -> Outputs:
        """Infers uint8 [N, h, w, 3]."""


class Differentiable(Protocol):
    """What gives gradients: `GradientSession`."""

    def run(self, pixels: Floats, cotangent: Floats) -> Gradients:
        """Differentiates at float32 [N, h, w, 3] in [0, 1], by the weights float32 [N, K] of the logits."""


class Slope(NamedTuple):
    """A loss at N pictures, and where it rises."""

    logits: Logits  # [N, K], of the served session
    values: Values  # [N]
    gradient: Floats  # [N, h, w, 3]; each picture's own length means nothing for cross-entropy, see `climb`


def goes_on() -> None:
    """Nothing stops an attack that nobody waits for to end."""


class Victim:
    """Answers an attack, counts what it asks, and stops it when nobody wants to know any more."""

    def __init__(
        self, served: Served, gradient: Differentiable | None = None, check: Callable[[], None] = goes_on
    ) -> None:
        """Takes what is attacked.

        Args:
            served: the session that serves.
            gradient: of its network; None: black-box attacks only.
            check: is called before each batch; what it raises ends the attack.
        """
        self._served, self._gradient, self._check = served, gradient, check
        self.queries = 0  # pictures that the served session was asked about
        self.steps = 0  # pictures that were differentiated

    def logits(self, pixels: Floats) -> Logits:
        """What is said of float32 [N, h, w, 3] in [0, 1], once rounded: float32 [N, K]."""
        return self.answers(to_pixels(pixels))

    def answers(self, frames: Pixels) -> Logits:
        """What is said of uint8 [N, h, w, 3]: float32 [N, K]."""
        said = []
        for rows in self._batches(len(frames)):
            said.append(self._served.run(frames[rows]).logits)
            self.queries += len(said[-1])
        return np.concatenate(said)

    def climb(self, pixels: Floats, criterion: Criterion, loss: Loss) -> Slope:
        """A loss, and its gradient by the pixels.

        The cotangent is scaled to 1 at most where it is smaller, lest float32 lose it in the network.

        Args:
            pixels: float32 [N, h, w, 3] in [0, 1], N at least 1.
            criterion: what is wanted of the N pictures.
            loss: what to climb.

        Raises:
            BadParameter: the model was published without a gradient.
        """
        self._inside()
        logits = self.logits(pixels)
        values, cotangent = loss(logits, criterion)
        largest = np.abs(cotangent).max(1, keepdims=True)
        scaled = (cotangent / np.where((largest > 0) & (largest < 1), largest, 1)).astype(np.float32)
        return Slope(logits, values, self.pull(pixels, scaled))

    def pull(self, pixels: Floats, cotangent: Floats) -> Floats:
        """The gradient by the pixels of a weighted sum of each picture's logits.

        Args:
            pixels: float32 [N, h, w, 3] in [0, 1], N at least 1.
            cotangent: the weights, float32 [N, K].

        Returns:
            float32 [N, h, w, 3]; nothing where there is no weight, even where the network overflows.

        Raises:
            BadParameter: the model was published without a gradient.
        """
        gradient, found = self._inside(), []
        for rows in self._batches(len(pixels)):
            found.append(gradient.run(pixels[rows], cotangent[rows]).gradient)
            self.steps += len(found[-1])
        weighted = (cotangent != 0).any(1)[:, None, None, None]
        return np.where(weighted, np.concatenate(found), np.float32(0))

    def _inside(self) -> Differentiable:
        if self._gradient is None:
            raise BadParameter("attack", "the model was published without a gradient: only black-box attacks work")
        return self._gradient

    def _batches(self, count: int) -> Iterator[slice]:
        for start in range(0, count, BATCH):
            self._check()
            yield slice(start, start + BATCH)


def to_pixels(pixels: Floats) -> Pixels:
    """Rounds float32 in [0, 1] to the nearest uint8."""
    return np.asarray(np.rint(pixels * 255), np.uint8)


def to_floats(frames: Pixels) -> Floats:
    """uint8 -> float32 in [0, 1]; `to_pixels` gives exactly the same pixels back."""
    floats: npt.NDArray[np.float32] = np.divide(frames, 255, dtype=np.float32)
    return floats
