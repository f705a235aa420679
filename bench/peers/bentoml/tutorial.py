"""BentoML as its guides show: a picture as `PIL.Image` out of a form, one worker.

https://docs.bentoml.com/en/latest/build-with-bentoml/iotypes.html
"""

import os
import sys
from pathlib import Path

import bentoml
from customary import PORT, Model
from PIL.Image import Image


@bentoml.service
class Classify:
    """Decodes and infers in the worker."""

    def __init__(self) -> None:
        self.model = Model()

    @bentoml.api
    def classify(self, image: Image) -> list[float]:
        """Picture -> probabilities."""
        return self.model.probabilities(self.model.resized(image))[0]


if __name__ == "__main__":
    here = Path(__file__)
    command = ["bentoml", "serve", f"{here.stem}:Classify", "--working-dir", str(here.parent)]
    os.execv(Path(sys.executable).with_name("bentoml"), [*command, "--host", "127.0.0.1", "--port", str(PORT)])
