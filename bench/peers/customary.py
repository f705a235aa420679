"""What tutorials do between the request and the answer, for the second row of every peer.

BENCH_BUNDLE --InferenceSession--> Model: picture --resize--> uint8 [1, h, w, 3] --run, softmax--> probabilities

Their normalisation with numpy is left out: it is inside this graph, and twice would be wrong. Nothing is tuned.
"""

import io
import json
import os
from pathlib import Path

import numpy as np
import onnxruntime as ort
from PIL import Image

PORT = int(os.environ["BENCH_PORT"])
_BUNDLE = Path(os.environ["BENCH_BUNDLE"])


class Model:
    """The float32 graph in a session with ONNX Runtime's defaults."""

    def __init__(self) -> None:
        rule = json.loads((_BUNDLE / "manifest.json").read_text())["input"]
        self.size = rule["width"], rule["height"]
        self._session = ort.InferenceSession(_BUNDLE / "classifier.onnx", providers=["CPUExecutionProvider"])

    def __reduce__(self) -> tuple[type["Model"], tuple[()]]:
        """Opens it anew where it arrives: KServe sends it to its workers."""
        return Model, ()

    def opened(self, body: bytes) -> np.ndarray:
        """A picture's file -> uint8 [1, h, w, 3] RGB with Pillow, decoded whole."""
        return self.resized(Image.open(io.BytesIO(body)))

    def resized(self, picture: Image.Image) -> np.ndarray:
        """A picture -> uint8 [1, h, w, 3] RGB."""
        return np.asarray(picture.convert("RGB").resize(self.size, Image.Resampling.BILINEAR))[None]

    def probabilities(self, frames: np.ndarray) -> list[list[float]]:
        """uint8 [N, h, w, 3] -> N times K probabilities."""
        (logits,) = self._session.run(["logits"], {"frames": frames})
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
        return (exponentials / exponentials.sum(axis=1, keepdims=True)).tolist()
