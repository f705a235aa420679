"""LitServe as its own image classifier for benchmarks shows: JSON with base64, batches of 8, two workers.

https://github.com/Lightning-AI/LitServe/blob/main/tests/parity_fastapi/ls_server.py
"""

import base64
import os
from concurrent.futures import ThreadPoolExecutor

import litserve as ls
import numpy as np
from customary import PORT, Model


class Api(ls.LitAPI):
    """Decodes a batch on a pool of threads, then infers it."""

    def setup(self, device: str) -> None:
        """Opens the graph, once a worker."""
        self.model = Model()
        self.pool = ThreadPoolExecutor(os.cpu_count())

    def decode_request(self, request: dict[str, str]) -> str:
        """JSON -> base64."""
        return request["image_data"]

    def batch(self, inputs: list[str]) -> np.ndarray:
        """Base64 of N files -> uint8 [N, h, w, 3]."""
        return np.concatenate(list(self.pool.map(lambda text: self.model.opened(base64.b64decode(text)), inputs)))

    def predict(self, frames: np.ndarray) -> list[list[float]]:
        """Crops -> probabilities."""
        return self.model.probabilities(frames)

    def unbatch(self, output: list[list[float]]) -> list[list[float]]:
        """One answer a frame."""
        return output

    def encode_response(self, output: list[float]) -> dict[str, list[float]]:
        """Probabilities -> JSON."""
        return {"output": output}


if __name__ == "__main__":
    server = ls.LitServer(Api(max_batch_size=8, batch_timeout=0.01), timeout=100, workers_per_device=2)
    server.run(host="127.0.0.1", port=PORT, log_level="warning", generate_client_file=False)
