"""Which layers compute in bytes."""

import onnx
import pytest

from roadsight_training.graph import to_onnx
from roadsight_training.precisions import to_int8
from training.networks.proving import built, frames, rule


@pytest.mark.parametrize("spared", [0, 1, 2, 9])
def test_the_first_convolutions_can_be_left_in_float32(spared: int) -> None:
    graph = to_onnx(built(name="lenet5", side=32), rule(32))
    nodes = onnx.load_from_string(to_int8(graph, frames(32), spared)).graph.node
    made_by = {output: node.op_type for node in nodes for output in node.output}
    in_bytes = [made_by.get(node.input[1]) == "DequantizeLinear" for node in nodes if node.op_type == "Conv"]
    assert in_bytes == [place >= spared for place in range(len(in_bytes))]
    assert len(in_bytes) == 3  # so many has LeNet-5
