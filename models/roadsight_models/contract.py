"""Whether a graph is what its bundle says.

graph, Manifest --check_contract--> nothing
                BadBundle
"""

from pathlib import Path

import onnxruntime as ort

from roadsight_models.bundle import Bundle
from roadsight_models.errors import BadBundle


def check_contract(bundle: Bundle, path: Path, graph: ort.InferenceSession) -> None:
    """Compares a classifier's inputs and outputs with the contract (docs/design.md).

    Args:
        bundle: whose manifest says the sizes.
        path: the graph's file, to be named.
        graph: it, open.

    Raises:
        BadBundle: says what differs.
    """
    inputs = [(i.name, i.type, len(i.shape)) for i in graph.get_inputs()]
    outputs = {o.name: o.shape for o in graph.get_outputs() if o.type == "tensor(float)"}
    if inputs != [("frames", "tensor(uint8)", 4)] or not {"logits", "embedding"} <= outputs.keys():
        raise BadBundle(path, "its input must be `frames` (uint8), its outputs `logits` and `embedding` (float32)")
    rule, (batch, *picture) = bundle.manifest.input, graph.get_inputs()[0].shape
    if not isinstance(batch, str):
        raise BadBundle(path, f"its batch must be dynamic, is {batch}")
    if any(
        isinstance(got, int) and got != side for got, side in zip(picture, (rule.height, rule.width, 3), strict=True)
    ):
        raise BadBundle(path, f"its input is {picture}, the manifest's {[rule.height, rule.width, 3]}")
    if not isinstance(outputs["embedding"][-1], int):
        raise BadBundle(path, "the width of its `embedding` must be fixed")
    if outputs["logits"][-1] != len(bundle.manifest.labels):
        raise BadBundle(path, f"{outputs['logits'][-1]} logits, but {len(bundle.manifest.labels)} labels")
