"""The float32 graph in other number formats, and what that costs and brings.

graph --to_float16--> graph                                  for GPUs
graph, training crops --to_int8--> graph                     for CPUs with byte dot products
both graphs, Trial --measure--> Precision
"""

import logging
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.transformers.float16 import convert_float_to_float16

from roadsight_models.frame import Pixels
from roadsight_models.golden import Golden
from roadsight_models.manifest import Precision
from roadsight_models.probabilities import softmax
from roadsight_models.providers import open_graph
from roadsight_training.compare.latency import latencies
from roadsight_training.graph import onnx_logits
from roadsight_training.judging.evaluation import BATCH

CALIBRATION = 512  # training crops that the ranges of the activations are taken from
Name = Literal["float16", "int8"]
Indices = npt.NDArray[np.int64]

# Other CPUs and GPUs round in another order, so the self-test accepts more than was seen here; at the least this much.
SLACK = 2.0
LEAST: dict[Name, float] = {"float16": 0.005, "int8": 0.02}
MOST = 0.5
ON_CPU = ("int8",)  # a CPU computes float16 in float32 and is only slower


def to_float16(graph: bytes, frames: Pixels, spared: int = 0) -> bytes:
    """Computes in half precision, all of it; input and outputs keep their types."""
    half = convert_float_to_float16(onnx.load_from_string(graph), keep_io_types=True)
    return bytes(half.SerializeToString())


def to_int8(graph: bytes, frames: Pixels, spared: int = 0) -> bytes:
    """Computes in bytes: static QDQ, weights per channel (Jacob et al. 2018, ONNX Runtime's quantisation).

    Args:
        graph: the float32 graph.
        frames: crops that were trained on, uint8 [N, h, w, 3]; the range of each activation is that on these.
        spared: so many convolutions, from the input on, stay in float32: the first ones lose most.
    """
    convolutions = [node.name for node in onnx.load_from_string(graph).graph.node if node.op_type == "Conv"]
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder) / "float32.onnx", Path(folder) / "int8.onnx"
        before.write_bytes(graph)
        root = logging.getLogger()
        level = root.level
        root.setLevel(logging.ERROR)  # it recommends a preparation that the exporter has done
        try:
            quantize_static(
                before,
                after,
                _Crops(frames),
                quant_format=QuantFormat.QDQ,
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                nodes_to_exclude=convolutions[:spared],
            )
        finally:
            root.setLevel(level)
        return after.read_bytes()


CONVERT: dict[Name, Callable[[bytes, Pixels, int], bytes]] = {"float16": to_float16, "int8": to_int8}


class _Crops(CalibrationDataReader):  # type: ignore[misc]  # ONNX Runtime has no types
    """Gives the crops in batches."""

    def __init__(self, frames: Pixels) -> None:
        self._batches: Iterator[Pixels] = (frames[start : start + BATCH] for start in range(0, len(frames), BATCH))

    def get_next(self) -> dict[str, Pixels] | None:
        """The next batch; None after the last."""
        batch = next(self._batches, None)
        return None if batch is None else {"frames": batch}


class Trial(NamedTuple):
    """What graphs are measured on."""

    frames: Pixels  # uint8 [N, h, w, 3], of the split that is published
    truth: Indices  # int64 [N]
    golden: Golden
    temperature: float  # that probabilities are read at


def measure(name: Name, graph: bytes, whole: bytes, trial: Trial) -> Precision:
    """Says what a converted graph costs in top-1 and brings in time.

    Args:
        name: its format.
        graph: the converted graph.
        whole: the float32 graph, timed beside it.
        trial: what both are shown.
    """
    with tempfile.TemporaryDirectory() as folder:
        paths = {"float32": Path(folder) / "float32.onnx", name: Path(folder) / f"{name}.onnx"}
        for one, content in (("float32", whole), (name, graph)):
            paths[one].write_bytes(content)
        session = open_graph(paths[name], "cpu", os.cpu_count() or 1).session
        guess = onnx_logits(session, trial.frames).argmax(1)
        golden = onnx_logits(session, trial.golden.frames)
        taken = latencies(paths)
    probabilities = (softmax(logits, trial.temperature) for logits in (golden, trial.golden.logits))
    seen = float(np.abs(np.subtract(*probabilities)).max())
    return Precision(
        name=name,
        file=f"classifier.{name}.onnx",
        size=len(graph),
        top1=float((guess == trial.truth).mean()),
        latency_ratio=taken[name] / taken["float32"] if name in ON_CPU else None,
        golden_tolerance=min(max(SLACK * seen, LEAST[name]), MOST),
    )
