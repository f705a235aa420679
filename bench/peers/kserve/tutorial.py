"""KServe as its page on custom models shows: JSON with base64, Pillow, one worker.

https://kserve.github.io/website/0.12/modelserving/v1beta1/custom/custom_model/
"""

import base64

from customary import PORT, Model
from kserve import Model as Served
from kserve import ModelServer


class Classify(Served):
    """Decodes and infers in the worker."""

    def __init__(self) -> None:
        super().__init__("classify")
        self.model = Model()
        self.ready = True

    def predict(self, payload: dict[str, list], headers: dict[str, str] | None = None) -> dict[str, list[float]]:
        """Instances -> probabilities of the first."""
        body = base64.b64decode(payload["instances"][0]["image"]["b64"])
        return {"predictions": self.model.probabilities(self.model.opened(body))[0]}


if __name__ == "__main__":
    ModelServer(http_port=PORT, enable_grpc=False).start([Classify()])
