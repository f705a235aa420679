"""PyTriton as its ResNet example shows: the file as a tensor of bytes, Pillow, batches of 32 with a delay of 5 ms.

https://github.com/triton-inference-server/pytriton/blob/main/examples/huggingface_resnet_pytorch/server.py
"""

import numpy as np
from customary import PORT, Model
from pytriton.decorators import batch
from pytriton.model_config import DynamicBatcher, ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig

model = Model()


@batch
def classify(image: np.ndarray) -> dict[str, np.ndarray]:
    """uint8 [N, bytes] -> float32 [N, K]."""
    frames = np.concatenate([model.opened(file.tobytes()) for file in image])
    return {"probabilities": np.array(model.probabilities(frames), np.float32)}


if __name__ == "__main__":
    config = TritonConfig(http_address="127.0.0.1", http_port=PORT, allow_grpc=False, allow_metrics=False)
    with Triton(config=config) as triton:
        triton.bind(
            "classify",
            classify,
            inputs=[Tensor(name="image", dtype=np.uint8, shape=(-1,))],
            outputs=[Tensor(name="probabilities", dtype=np.float32, shape=(-1,))],
            config=ModelConfig(max_batch_size=32, batcher=DynamicBatcher(max_queue_delay_microseconds=5000)),
        )
        triton.serve()
