"""PyTriton with our decoder and graph: an instance a core, Triton batches what waits.

raw JPEG --binary tensor--> batch --Classify--> probabilities, JSON head and binary tensor
503: over max_queue_size, or its time in the queue passed

https://triton-inference-server.github.io/pytriton/latest/guides/binding_models/, multi-instance and dynamic batching.
"""

import numpy as np
from given import BATCH, CORES, DEADLINE_S, PORT, WAITING, Classifier
from pytriton.decorators import batch
from pytriton.model_config import DynamicBatcher, ModelConfig, QueuePolicy, Tensor
from pytriton.triton import Triton, TritonConfig

SHEDS = QueuePolicy(default_timeout_microseconds=round(1e6 * DEADLINE_S), max_queue_size=WAITING if DEADLINE_S else 0)


class Classify:
    """Decodes and infers a batch, on a thread of its own."""

    def __init__(self) -> None:
        self.classifier = Classifier()

    @batch
    def __call__(self, frame: np.ndarray) -> dict[str, np.ndarray]:
        """Bytes [N, 1] -> float32 [N, K]."""
        crops = [self.classifier.crop(body) for (body,) in frame]
        return {"probabilities": np.array(self.classifier.judge(crops), np.float32)}


if __name__ == "__main__":
    config = TritonConfig(http_address="127.0.0.1", http_port=PORT, allow_grpc=False, allow_metrics=False)
    with Triton(config=config) as triton:
        triton.bind(
            "classify",
            [Classify() for _ in range(CORES)],
            inputs=[Tensor(name="frame", dtype=bytes, shape=(1,))],
            outputs=[Tensor(name="probabilities", dtype=np.float32, shape=(-1,))],
            config=ModelConfig(max_batch_size=BATCH, batcher=DynamicBatcher(default_queue_policy=SHEDS)),
        )
        triton.serve()
