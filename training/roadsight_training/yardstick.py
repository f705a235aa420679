"""What the time of every model is held against: ResNet-18 in float32 on 64 x 64 pixels.

graph --share_of_yardstick--> its time as a share of the yardstick's
"""

import tempfile
from pathlib import Path

from roadsight_models.manifest import CropRule
from roadsight_training.compare.latency import latencies
from roadsight_training.graph import to_onnx
from roadsight_training.networks import build
from roadsight_training.recipe import Network

NAME, SIDE = "resnet18", 64


def share_of_yardstick(graph: bytes, classes: int) -> float:
    """Times a graph and the yardstick side by side, each on one picture and one CPU thread.

    Args:
        graph: of a classifier.
        classes: K; the yardstick gets as many.
    """
    rule = CropRule(width=SIDE, height=SIDE, context=0, resize="area_or_linear", min_side=1)
    network = build(Network(name=NAME), classes, (SIDE, SIDE))  # its weights do not matter
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: Path(folder) / f"{name}.onnx" for name in ("model", "yardstick")}
        paths["model"].write_bytes(graph)
        paths["yardstick"].write_bytes(to_onnx(network, rule))
        taken = latencies(paths)
    return taken["model"] / taken["yardstick"]
