"""Sessions beside the real ones: they keep what they are asked, or say what they are told to."""

from collections.abc import Sequence

import numpy as np

from roadsight_models.frame import Pixels
from roadsight_models.gradient import Gradients
from roadsight_models.robustness.threat import Floats
from roadsight_models.robustness.victim import Differentiable, Served
from roadsight_models.session import Outputs


class Recorder:
    """A session that keeps what it was asked."""

    def __init__(self, session: Served) -> None:
        self._session = session
        self.asked: list[Pixels] = []

    def run(self, frames: Pixels) -> Outputs:
        self.asked.append(frames)
        return self._session.run(frames)


class Says:
    """A session that says the same of every picture."""

    def __init__(self, logits: Sequence[float]) -> None:
        self._logits = np.array(logits, np.float32)

    def run(self, frames: Pixels) -> Outputs:
        said = np.repeat(self._logits[None], len(frames), axis=0)
        return Outputs(said, said)


class Told:
    """A gradient that keeps the weights of the logits that it was given."""

    def __init__(self, gradient: Differentiable) -> None:
        self._gradient = gradient
        self.cotangents: list[Floats] = []

    def run(self, pixels: Floats, cotangent: Floats) -> Gradients:
        self.cotangents.append(cotangent)
        return self._gradient.run(pixels, cotangent)


class OneHot:
    """Serves decisions alone: 1 for the class that another session names, 0 for others."""

    def __init__(self, served: Served) -> None:
        self._served = served

    def run(self, frames: Pixels) -> Outputs:
        """Infers uint8 [N, h, w, 3]."""
        logits, embedding = self._served.run(frames)
        return Outputs(np.eye(logits.shape[1], dtype=np.float32)[logits.argmax(1)], embedding)
