"""mosec with our decoder and graph: one stage, a process a core, batches of what waits.

raw JPEG --deserialize--> bytes --forward--> probabilities --serialize--> JSON
408: the timeout passed; 429: over capacity

https://mosecorg.github.io/mosec/reference/interface.html, `append_worker`. Batches make it faster at 16 and 64
connections and slower at 4, where one process takes what two could share.
"""

import os

from given import BATCH, CORES, DEADLINE_S, PORT, WAITING, Classifier
from mosec import Server, Worker


class Classify(Worker):
    """Decodes and infers in each process."""

    def __init__(self) -> None:
        super().__init__()
        self.classifier = Classifier()

    def deserialize(self, data: bytes) -> bytes:
        """The body as it came."""
        return data

    def forward(self, data: list[bytes]) -> list[dict[str, list[float]]]:
        """N JPEG files -> N times probabilities."""
        crops = [self.classifier.crop(body) for body in data]
        return [{"probabilities": one} for one in self.classifier.judge(crops)]


if __name__ == "__main__":
    os.environ |= {"MOSEC_ADDRESS": "127.0.0.1", "MOSEC_PORT": str(PORT), "MOSEC_LOG_LEVEL": "warning"}
    if DEADLINE_S:
        os.environ |= {"MOSEC_TIMEOUT": str(round(1e3 * DEADLINE_S)), "MOSEC_CAPACITY": str(WAITING)}
    server = Server()
    server.append_worker(Classify, num=CORES, max_batch_size=BATCH, max_wait_time=1)
    server.run()
