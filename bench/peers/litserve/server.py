"""LitServe with our decoder and graph: as many workers as cores, as its reference says, and batches of what waits.

multipart JPEG --decode_request--> crop --predict--> probabilities --encode_response--> JSON
                                                     504: waited longer than the timeout

https://lightning.ai/docs/litserve/api-reference/litserver. It reads JSON and forms, no raw bodies.
"""

import litserve as ls
from fastapi import Request
from given import BATCH, CORES, DEADLINE_S, PORT, Classifier

from roadsight_models.frame import Pixels


class Api(ls.LitAPI):
    """Decodes, infers and encodes in each worker."""

    def setup(self, device: str) -> None:
        """Opens the graph, once a worker."""
        self.classifier = Classifier()

    def decode_request(self, request: Request) -> Pixels:
        """The form's file -> crop."""
        return self.classifier.crop(request["frame"].file.read())

    def batch(self, inputs: list[Pixels]) -> list[Pixels]:
        """N crops, as they are."""
        return inputs

    def predict(self, crops: list[Pixels]) -> list[list[float]]:
        """N crops -> N times probabilities."""
        return self.classifier.judge(crops)

    def unbatch(self, output: list[list[float]]) -> list[list[float]]:
        """One answer a frame."""
        return output

    def encode_response(self, output: list[float]) -> dict[str, list[float]]:
        """Probabilities -> JSON."""
        return {"probabilities": output}


if __name__ == "__main__":
    api = Api(max_batch_size=BATCH, batch_timeout=0.001)
    server = ls.LitServer(api, accelerator="cpu", workers_per_device=CORES, timeout=DEADLINE_S or 30)
    server.run(host="127.0.0.1", port=PORT, log_level="warning", generate_client_file=False)
