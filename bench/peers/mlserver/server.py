"""MLServer with our decoder and graph: a custom runtime, its inference pool with a process a core.

raw JPEG --custom handler--> pool --classify--> probabilities, JSON

https://docs.seldon.ai/mlserver/user-guide/parallel-inference. The Open Inference Protocol has no raw bodies, hence the
handler of our own; it sheds nothing.
"""

import asyncio
import tempfile

from fastapi import Body
from given import CORES, PORT, Classifier
from mlserver import MLModel, MLServer, ModelSettings, Settings
from mlserver.handlers import custom_handler


class Classify(MLModel):
    """Decodes and infers in each process of the pool."""

    async def load(self) -> bool:
        """Opens the graph."""
        self.classifier = Classifier()
        return True

    @custom_handler("/classify")
    async def classify(self, frame: bytes = Body()) -> dict[str, list[float]]:  # FastAPI's way
        """JPEG -> probabilities."""
        return {"probabilities": self.classifier.judge([self.classifier.crop(frame)])[0]}


async def main(folder: str) -> None:
    """Serves until it is told to stop."""
    settings = Settings(
        host="127.0.0.1",
        http_port=PORT,
        grpc_port=0,
        parallel_workers=CORES,
        debug=False,
        metrics_endpoint=None,
        environments_dir=folder,
        metrics_dir=folder,
    )
    await MLServer(settings).start([ModelSettings(name="classify", implementation=Classify)])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        asyncio.run(main(scratch))
