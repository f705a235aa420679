"""A trained network -> the bundle's ONNX graph, proven on real images.

Network --to_onnx--> bytes --check_parity--> Parity
                           ParityBroken
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch

from roadsight_models.frame import Pixels
from roadsight_models.manifest import CropRule, Parity
from roadsight_models.probabilities import softmax
from roadsight_training.errors import ParityBroken
from roadsight_training.judging.answers import Logits
from roadsight_training.judging.evaluation import BATCH
from roadsight_training.networks import Network

OPSET = 18
TOLERANCE = 1e-3  # in probability


def to_onnx(network: Network, rule: CropRule) -> bytes:
    """Exports the network.

    Returns:
        An ONNX file: `frames` uint8 [N, h, w, 3] in, `logits` [N, K] and `embedding` [N, D] float32 out, N dynamic.
    """
    # Two frames, because a batch of one would be taken for a constant.
    frames = torch.zeros((2, rule.height, rule.width, 3), dtype=torch.uint8)
    program = torch.onnx.export(
        network.eval(),
        (frames,),
        dynamo=True,
        opset_version=OPSET,
        input_names=["frames"],
        output_names=["logits", "embedding"],
        dynamic_shapes={"frames": {0: torch.export.Dim("N")}},
        verbose=False,
    )
    return to_bytes(program)


def to_bytes(program: torch.onnx.ONNXProgram | None) -> bytes:
    """What torch exported, as one file, without the exporter's notes: they tell the paths of this machine."""
    assert program is not None  # only the exporter without dynamo returns nothing
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.onnx"
        program.save(path, external_data=False)
        model = onnx.load(path)
    graph = model.graph
    for noted in (graph, *graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer):
        del noted.metadata_props[:]
    return bytes(model.SerializeToString())


def check_parity(graph: bytes, network: Network, frames: Pixels) -> Parity:
    """Compares ONNX Runtime with torch on uint8 [N, h, w, 3] frames.

    Raises:
        ParityBroken: they differ by more than 1e-3 in a probability.
    """
    session = ort.InferenceSession(graph, providers=["CPUExecutionProvider"])
    found, wanted = onnx_logits(session, frames), torch_logits(network, frames)
    difference = float(np.abs(softmax(found) - softmax(wanted)).max())
    if not difference <= TOLERANCE:  # so written that NaN is refused, too
        raise ParityBroken(difference, TOLERANCE, len(frames))
    return Parity(max_difference=difference, n=len(frames))


def torch_logits(network: Network, frames: Pixels) -> Logits:
    """What the training framework says of uint8 [N, h, w, 3]: float32 [N, K]."""
    with torch.inference_mode():
        parts = [network(torch.from_numpy(batch)).logits.numpy() for batch in _batches(frames)]
    return np.concatenate(parts).astype(np.float32, copy=False)


def onnx_logits(session: ort.InferenceSession, frames: Pixels) -> Logits:
    """What a graph says of them: float32 [N, K]."""
    return np.concatenate([session.run(["logits"], {"frames": batch})[0] for batch in _batches(frames)])


def _batches(frames: Pixels) -> Iterator[Pixels]:
    return (frames[start : start + BATCH] for start in range(0, len(frames), BATCH))
