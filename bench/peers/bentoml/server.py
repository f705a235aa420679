"""BentoML with our decoder and graph: `workers="cpu_count"`, as its guide to workers recommends for CPUs.

raw JPEG --root input--> bytes --classify--> probabilities, JSON
504: the timeout passed; 429: over max_concurrency

https://docs.bentoml.com/en/latest/reference/bentoml/configurations.html, `workers` and `traffic`.
"""

import os
import sys
from pathlib import Path

import bentoml
from given import CORES, DEADLINE_S, PORT, WAITING, Classifier

TRAFFIC = {"timeout": DEADLINE_S, "max_concurrency": WAITING} if DEADLINE_S else {}


@bentoml.service(workers=CORES, traffic=TRAFFIC, logging={"access": {"enabled": False}})
class Classify:
    """Decodes and infers in each worker."""

    def __init__(self) -> None:
        self.classifier = Classifier()

    @bentoml.api
    def classify(self, frame: bytes, /) -> dict[str, list[float]]:
        """JPEG -> probabilities."""
        return {"probabilities": self.classifier.judge([self.classifier.crop(frame)])[0]}


if __name__ == "__main__":
    here = Path(__file__)
    command = ["bentoml", "serve", f"{here.stem}:Classify", "--working-dir", str(here.parent)]
    os.execv(Path(sys.executable).with_name("bentoml"), [*command, "--host", "127.0.0.1", "--port", str(PORT)])
