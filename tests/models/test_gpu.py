"""What only a GPU can show: graphs that are replayed, engines that are kept, memory that is page-locked.

`pytest -m gpu` on a machine with an NVIDIA GPU and the extra `gpu`; for TensorRT the extra `tensorrt` as well.
"""

import importlib.util
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from onnx import ModelProto, helper

import colours
from roadsight_models import bundle
from roadsight_models.errors import ProviderMissing
from roadsight_models.gpu import no_gpu
from roadsight_models.pinned import pinned
from roadsight_models.providers import open_graph
from roadsight_models.runners import Gpu
from roadsight_models.session import open_session

ROOT = Path(__file__).parents[2]
SHIPPED = sorted(bundle.latest(ROOT / "models" / "bundles").values())
pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(no_gpu() is not None, reason="needs an NVIDIA GPU"),
]
tensorrt = pytest.mark.skipif(importlib.util.find_spec("tensorrt") is None, reason="needs the extra `tensorrt`")


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.parent.name)
@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_a_shipped_bundle_is_captured_and_reproduces_its_golden_answers(folder: Path, precision: str) -> None:
    session = open_session(bundle.load(folder), "cuda", precision=precision)  # type: ignore[arg-type]  # one of its names
    assert session.without_graphs is None
    assert session.provider == "cuda"


@pytest.mark.parametrize("count", [1, 2, 3, 4, 8, 13, 16, 32, 50])
def test_a_replayed_graph_says_what_a_plain_run_says(tmp_path: Path, count: int) -> None:
    saved = colours.save(tmp_path)
    session, plain = open_session(saved, "cuda"), open_graph(saved.classifier, "cuda", 1).session
    assert session.without_graphs is None
    for seed in range(3):  # replays, with other crops in the same buffers
        crops = colours.crops(count, seed)
        (expected,) = plain.run(["logits"], {"frames": crops})
        np.testing.assert_allclose(session.run(crops).logits, expected, rtol=1e-5)


def test_threads_share_the_graphs_of_one(tmp_path: Path) -> None:
    session = open_session(colours.save(tmp_path), "cuda")

    def ask(seed: int) -> bool:
        crops = colours.crops(1 + seed % 40, seed)
        return all(np.allclose(session.run(crops).logits, colours.answers(crops), rtol=1e-4) for _ in range(5))

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(ask, range(64)))


def on_the_cpu_in_part(model: ModelProto) -> None:
    """Sends the logits through an operator that CUDA does not have."""
    for node in model.graph.node:
        node.output[:] = [name.replace("logits", "plain") for name in node.output]
    model.graph.node.append(helper.make_node("Det", ["squares"], ["determinants"]))
    model.graph.node.append(helper.make_node("Shape", ["plain"], ["shape"]))
    model.graph.node.append(helper.make_node("ConstantOfShape", ["shape"], ["nothing"]))
    model.graph.node.append(helper.make_node("Add", ["plain", "nothing"], ["sum"]))
    model.graph.node.append(helper.make_node("Unsqueeze", ["sum", "ends"], ["squares"]))
    model.graph.node.append(helper.make_node("Identity", ["determinants"], ["logits"]))
    model.graph.initializer.append(helper.make_tensor("ends", 7, [2], [2, 3]))


def test_a_graph_that_needs_the_cpu_runs_without_and_says_so(tmp_path: Path) -> None:
    mixed = colours.save(tmp_path, {"classifier.onnx": colours.changed(on_the_cpu_in_part)})
    session = open_session(mixed, "cuda")
    assert session.without_graphs is not None and "CUDA Graph" in session.without_graphs
    crops = colours.crops(5)
    np.testing.assert_allclose(session.run(crops).logits, colours.answers(crops), rtol=1e-5)


def test_too_little_memory_stops_the_start(tmp_path: Path) -> None:
    saved = bundle.load(SHIPPED[0])
    with pytest.raises(ProviderMissing, match=r"does not run|did not take"):
        open_session(saved, "cuda", gpu=Gpu(memory_bytes=6 << 20))


def test_page_locked_memory_is_copied_from(tmp_path: Path) -> None:
    open_graph(colours.save(tmp_path).classifier, "cuda", 1)  # loads CUDA
    memory = pinned((4, 16))
    memory[:] = np.arange(64).reshape(4, 16)
    value = ort.OrtValue.ortvalue_from_shape_and_type(memory.shape, np.uint8, "cuda")
    value.update_inplace(memory)
    np.testing.assert_array_equal(value.numpy(), memory)


@tensorrt
def test_tensorrt_builds_an_engine_a_bucket_and_takes_it_the_next_time(tmp_path: Path) -> None:
    saved = colours.save(tmp_path / "bundles")
    gpu = Gpu(largest=4, cache=tmp_path / "engines")

    def engines() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in (tmp_path / "engines").rglob("*.engine")}

    first = open_session(saved, "tensorrt", gpu=gpu)
    built = engines()
    assert {path.parent.name for path in built} == {"1", "2", "4"}
    again = open_session(saved, "tensorrt", gpu=gpu)
    assert engines() == built
    crops = colours.crops(7)
    for session in (first, again):
        np.testing.assert_allclose(session.run(crops).logits, colours.answers(crops), rtol=1e-3)


@tensorrt
@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.parent.name)
def test_a_shipped_bundle_reproduces_its_golden_answers_in_tensorrt(folder: Path, tmp_path: Path) -> None:
    assert open_session(bundle.load(folder), "tensorrt", gpu=Gpu(4, cache=tmp_path)).provider == "tensorrt"
