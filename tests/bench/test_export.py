"""The benchmark's networks become bundles that hold to the same contract as any other."""

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch

from roadsight_bench import export
from roadsight_bench.cases import CASES
from roadsight_bench.packing import pack, round_weights
from roadsight_models import bundle
from roadsight_models.frame import Pixels
from roadsight_models.manifest import CropRule, PrecisionName
from roadsight_models.session import open_session
from roadsight_training import precisions
from roadsight_training.graph import onnx_logits, to_onnx, torch_logits
from roadsight_training.networks import Network, build
from roadsight_training.recipe import Network as Options

RULE = CropRule(width=16, height=16, context=0.0, resize="area_or_linear", min_side=8)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("exported")
    export.export(CASES["S3"], root)
    return root


@pytest.mark.parametrize("precision", ["float32", "float16", "int8"])
def test_resnet18_is_a_bundle_that_serves_in_every_precision(exported: Path, precision: PrecisionName) -> None:
    loaded = bundle.load(exported / "s3" / "1.0.0")
    session = open_session(loaded, "cpu", precision=precision)  # passes its golden self-test, or raises
    assert session.precision == precision
    assert session.run(np.zeros((1, 64, 64, 3), np.uint8)).logits.shape == (1, 43)
    assert loaded.manifest.parity.max_difference < 1e-4


def test_the_manifest_says_which_precision_is_faster(exported: Path) -> None:
    measured = {one.name: one.latency_ratio for one in bundle.load(exported / "s3" / "1.0.0").manifest.precisions}
    assert measured["float16"] is None  # is for GPUs
    assert measured["int8"] is not None


@pytest.fixture
def network() -> Network:
    torch.manual_seed(1)
    return build(Options(name="mlp", hidden=(64,)), 43, (16, 16)).eval()


@pytest.fixture
def frames() -> Pixels:
    return np.random.default_rng(0).integers(0, 256, (8, 16, 16, 3), np.uint8)


def says(graph: bytes, frames: Pixels) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return onnx_logits(ort.InferenceSession(graph, providers=["CPUExecutionProvider"]), frames)


def test_packing_loses_nothing_of_rounded_weights(network: Network, frames: Pixels) -> None:
    round_weights(network)
    graph = to_onnx(network, RULE)
    packed = pack(graph)
    assert len(packed) < 0.4 * len(graph)
    assert says(packed, frames) == pytest.approx(torch_logits(network, frames), abs=1e-5)


def test_packing_in_float16_changes_less_than_float16_itself(network: Network, frames: Pixels) -> None:
    round_weights(network)
    half = precisions.to_float16(to_onnx(network, RULE), frames)
    packed = pack(half)
    assert len(packed) < 0.7 * len(half)
    expected = torch_logits(network, frames)
    assert np.abs(says(packed, frames) - expected).max() < 2 * np.abs(says(half, frames) - expected).max() + 1e-4


def test_parity_would_show_weights_that_were_not_rounded(network: Network, frames: Pixels) -> None:
    packed = pack(to_onnx(network, RULE))
    assert says(packed, frames) != pytest.approx(torch_logits(network, frames), abs=1e-5)
