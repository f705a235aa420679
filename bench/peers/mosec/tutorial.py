"""mosec as its ResNet-50 example shows: JSON with base64, OpenCV, 4 and 2 processes, batches of 16.

https://github.com/mosecorg/mosec/blob/main/examples/resnet50_server_pytorch.py
"""

import base64
import os

import cv2
import numpy as np
from customary import PORT, Model
from mosec import Server, Worker


class Preprocess(Worker):
    """JSON -> uint8 [h, w, 3]."""

    def __init__(self) -> None:
        super().__init__()
        self.size = Model().size

    def forward(self, data: dict[str, str]) -> np.ndarray:
        """Decodes with OpenCV and resizes."""
        picture = cv2.imdecode(np.frombuffer(base64.b64decode(data["image"]), np.uint8), cv2.IMREAD_COLOR)
        return cv2.resize(np.ascontiguousarray(picture[:, :, ::-1]), self.size)


class Inference(Worker):
    """uint8 [h, w, 3] -> probabilities."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()

    def forward(self, data: list[np.ndarray]) -> list[list[float]]:
        """Infers a batch."""
        return self.model.probabilities(np.stack(data))


if __name__ == "__main__":
    os.environ |= {"MOSEC_ADDRESS": "127.0.0.1", "MOSEC_PORT": str(PORT)}
    server = Server()
    server.append_worker(Preprocess, num=4)
    server.append_worker(Inference, num=2, max_batch_size=16)
    server.run()
