"""The same where lanes are threads, as on a GPU."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tritonclient.http as triton

import colours
from running import Watched, serve_watched
from service.inference_protocol.house import CAMERA, CROPS, FILES, GRAPH


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[str, Watched]]:
    with serve_watched(tmp_path, lanes=1, batch_crops=8) as running:
        yield running


def test_the_graph_sees_the_crops_as_they_were_sent(running: tuple[str, Watched]) -> None:
    url, session = running
    given = triton.InferInput("frames", list(CROPS.shape), "UINT8").set_data_from_numpy(CROPS)
    files = np.array(FILES, dtype=np.object_)
    images = triton.InferInput("image", [len(FILES)], "BYTES").set_data_from_numpy(files)
    with triton.InferenceServerClient(url.removeprefix("http://")) as client:
        logits = client.infer(GRAPH, [given]).as_numpy("logits")
        assert np.abs(logits - colours.answers(CROPS)).max() < 1e-4
        assert sum(session.batches) == len(CROPS)
        assert client.infer(CAMERA, [images]).as_numpy("probabilities").argmax(1).tolist() == logits.argmax(1).tolist()
