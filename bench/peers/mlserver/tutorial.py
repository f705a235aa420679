"""MLServer as its guides show: the Open Inference Protocol with base64, a custom runtime, its defaults.

https://docs.seldon.ai/mlserver/user-guide/custom, https://docs.seldon.ai/mlserver/user-guide/content-type
"""

import asyncio
import tempfile

import numpy as np
from customary import PORT, Model
from mlserver import MLModel, MLServer, ModelSettings, Settings
from mlserver.codecs import Base64Codec, NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse


class Classify(MLModel):
    """Decodes and infers in the one process of the pool."""

    async def load(self) -> bool:
        """Opens the graph."""
        self.model = Model()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Inputs -> probabilities of the first."""
        (body,) = self.decode(payload.inputs[0], default_codec=Base64Codec)
        probabilities = np.array(self.model.probabilities(self.model.opened(body)))
        return InferenceResponse(
            model_name=self.name, outputs=[NumpyCodec.encode_output("probabilities", probabilities)]
        )


async def main(folder: str) -> None:
    """Serves until it is told to stop."""
    settings = Settings(
        host="127.0.0.1",
        http_port=PORT,
        grpc_port=0,
        metrics_endpoint=None,
        environments_dir=folder,
        metrics_dir=folder,
    )
    await MLServer(settings).start([ModelSettings(name="classify", implementation=Classify)])


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        asyncio.run(main(scratch))
