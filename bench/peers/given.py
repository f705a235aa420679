"""What every peer is given for its fair row: our decoder, our graph, and how it is to be started.

BENCH_BUNDLE --open_session--> Classifier: JPEG --crop--> uint8 [1, h, w, 3] --judge--> probabilities
"""

import os
from pathlib import Path

import cv2
import numpy as np

from roadsight_models import bundle
from roadsight_models.frame import Pixels, admit, decode
from roadsight_models.preprocess import cut, reduction
from roadsight_models.probabilities import softmax
from roadsight_models.regions import whole
from roadsight_models.session import open_session

PORT = int(os.environ["BENCH_PORT"])
CORES = int(os.environ["BENCH_CORES"])
DEADLINE_S = float(os.environ.get("BENCH_DEADLINE_MS", "0")) / 1e3  # under overload only, else 0: nothing is shed
WAITING = 4 * CORES  # frames that may wait under overload: what the cores answer in about half of such a deadline
BATCH = 4 if DEADLINE_S else 8  # frames at most, where a peer batches: a batch is answered as a whole, and so late
BUNDLE = Path(os.environ["BENCH_BUNDLE"])
PRECISION = os.environ["BENCH_PRECISION"]  # in which our service has the graph


class Classifier:
    """The work of an answer, as our service does it; one thread of OpenCV and one of ONNX Runtime, no spinning."""

    def __init__(self) -> None:
        cv2.setNumThreads(1)
        self._session = open_session(bundle.load(BUNDLE), "cpu", precision=PRECISION)
        self._manifest = self._session.manifest

    def __reduce__(self) -> tuple[type["Classifier"], tuple[()]]:
        """Opens it anew where it arrives: KServe sends it to its workers."""
        return Classifier, ()

    def crop(self, body: bytes) -> Pixels:
        """JPEG -> uint8 [1, h, w, 3] RGB, decoded as small as the crop allows."""
        header, rule = admit(body), self._manifest.input
        regions = [whole(header.width, header.height)]
        return cut(decode(body, header, reduction(header, regions, [rule])), regions, rule).pixels

    def judge(self, crops: list[Pixels]) -> list[list[float]]:
        """N crops of uint8 [1, h, w, 3] as one batch -> N times K probabilities, in the order of the labels."""
        logits = self._session.run(np.concatenate(crops)).logits
        probabilities: list[list[float]] = softmax(logits, self._manifest.temperature).tolist()
        return probabilities
