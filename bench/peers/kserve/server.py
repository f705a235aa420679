"""KServe with our decoder and graph: its Python runtime with a worker process a core.

raw JPEG --predict--> probabilities, JSON

https://kserve.github.io/website/0.12/python_runtime_api/docs/api/, `workers`. It sheds nothing by itself: in a cluster
`containerConcurrency` of the queue proxy before it would.
"""

from given import CORES, PORT, Classifier
from kserve import Model, ModelServer


class Classify(Model):
    """Decodes and infers in each worker."""

    def __init__(self) -> None:
        super().__init__("classify")
        self.classifier = Classifier()
        self.ready = True

    def predict(self, payload: bytes, headers: dict[str, str] | None = None) -> dict[str, list[float]]:
        """JPEG -> probabilities."""
        return {"probabilities": self.classifier.judge([self.classifier.crop(payload)])[0]}


if __name__ == "__main__":
    ModelServer(http_port=PORT, workers=CORES, enable_grpc=False, enable_latency_logging=False).start([Classify()])
