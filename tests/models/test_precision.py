"""Which graph of a bundle a session opens, and that it is tested by its own measure."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import ModelProto, numpy_helper
from pydantic import ValidationError

import colours
from roadsight_models import bundle, precision
from roadsight_models.errors import BadBundle, GoldenMismatch, PrecisionMissing
from roadsight_models.manifest import Manifest, Precision, digest_of
from roadsight_models.precision import choose, has_dot_products
from roadsight_models.session import open_session

HALF = Precision(
    name="float16", file="classifier.float16.onnx", size=9, top1=0.99, latency_ratio=None, golden_tolerance=0.02
)
BYTES = Precision(name="int8", file="classifier.int8.onnx", size=5, top1=0.98, latency_ratio=0.5, golden_tolerance=0.2)


def louder(gain: float) -> bytes:
    """The colour graph with its logits a little larger, as rounding would have it."""

    def change(model: ModelProto) -> None:
        (old,) = (one for one in model.graph.initializer if one.name == "gain")
        old.CopyFrom(numpy_helper.from_array(np.array(gain * 12 / 255, np.float32), "gain"))

    return colours.changed(change)


def saved(root: Path, tolerance: float = 0.2) -> bundle.Bundle:
    """The colour bundle with another graph beside the float32 one."""
    told = BYTES.model_copy(update={"golden_tolerance": tolerance})
    return colours.save(root, {BYTES.file: louder(1.02), HALF.file: louder(1.001)}, precisions=(HALF, told))


@pytest.fixture
def quick_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "has_dot_products", lambda: True)


@pytest.mark.parametrize(
    ("provider", "listed", "taken"),
    [
        ("cpu", (HALF, BYTES), "int8"),
        ("cuda", (HALF, BYTES), "float16"),
        ("tensorrt", (HALF, BYTES), "float16"),
        ("cuda", (BYTES,), "float32"),
        ("cpu", (HALF,), "float32"),
        ("cpu", (BYTES.model_copy(update={"latency_ratio": 1.1}),), "float32"),  # slower, so why lose anything
        ("cpu", (BYTES.model_copy(update={"latency_ratio": None}),), "float32"),
        ("cpu", (), "float32"),
    ],
)
@pytest.mark.usefixtures("quick_bytes")
def test_auto_takes_what_is_faster_where_it_runs(provider: str, listed: tuple[Precision, ...], taken: str) -> None:
    assert choose(colours.manifest(precisions=listed), provider).precision == taken


def test_bytes_are_left_alone_on_a_cpu_that_multiplies_them_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "has_dot_products", lambda: False)
    assert choose(colours.manifest(precisions=(BYTES,)), "cpu").precision == "float32"
    assert choose(colours.manifest(precisions=(BYTES,)), "cpu", "int8").precision == "int8"  # asked for by name


@pytest.mark.parametrize(
    ("info", "quick"),
    [
        ("processor: 0\nflags\t\t: fpu sse2 avx2 avx512_vnni\n", True),
        ("flags\t\t: fpu sse2 avx2\n", False),
        ("Features\t: fp asimd asimddp\n", True),
        ("", False),
        (None, False),
    ],
)
def test_what_a_cpu_can_is_read_from_its_flags(
    info: str | None, quick: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if info is not None:
        (tmp_path / "cpuinfo").write_text(info)
    monkeypatch.setattr(precision, "CPU_INFO", tmp_path / "cpuinfo")
    monkeypatch.setattr("platform.system", lambda: "Linux")
    assert has_dot_products() == quick


def test_a_precision_that_the_bundle_lacks_is_told_with_those_it_has(tmp_path: Path) -> None:
    with pytest.raises(PrecisionMissing, match=r"colours 1\.0\.0 has no float16 graph, only float32"):
        open_session(colours.save(tmp_path), "cpu", precision="float16")


@pytest.mark.usefixtures("quick_bytes")
def test_the_session_runs_the_graph_that_was_chosen_and_says_so(tmp_path: Path) -> None:
    whole = saved(tmp_path)
    frames = np.full((2, 16, 16, 3), (255, 0, 0), np.uint8)
    for asked, gain in (("auto", 1.02), ("int8", 1.02), ("float16", 1.001), ("float32", 1.0)):
        session = open_session(whole, "cpu", precision=asked)  # type: ignore[arg-type]
        assert session.precision == (asked if asked != "auto" else "int8")
        np.testing.assert_allclose(session.run(frames).logits[:, 0], [12 * gain] * 2, rtol=1e-5)


def test_each_graph_is_held_to_its_own_tolerance(tmp_path: Path) -> None:
    strict = saved(tmp_path, tolerance=1e-4)
    with pytest.raises(
        GoldenMismatch, match=r"in int8 on cpu the golden probabilities differ by .* 0\.0001 is allowed"
    ):
        open_session(strict, "cpu", precision="int8")
    assert open_session(strict, "cpu", precision="float32").precision == "float32"


def test_a_graph_that_is_listed_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(BadBundle, match=r"lists no classifier\.int8\.onnx"):
        colours.save(tmp_path, precisions=(BYTES,))


def test_the_same_precision_twice_is_refused() -> None:
    with pytest.raises(ValidationError, match="precisions must differ"):
        colours.manifest(precisions=(BYTES, BYTES))


def test_a_manifest_from_before_there_were_precisions_keeps_its_digest(tmp_path: Path) -> None:
    folder = colours.save(tmp_path).folder
    written = json.loads((folder / "manifest.json").read_text())
    del written["precisions"]
    written["schema_version"] = 1
    (folder / "manifest.json").write_text(json.dumps(written))
    with pytest.raises(BadBundle, match="digest does not match"):
        bundle.load(folder)
    (folder / "manifest.json").write_text(json.dumps(written | {"digest": digest_of(written)}))
    assert bundle.load(folder).manifest.precisions == ()


def test_what_is_written_down_of_a_precision_is_read_back(tmp_path: Path) -> None:
    manifest = saved(tmp_path).manifest
    assert manifest.precisions == (HALF, BYTES)
    assert Manifest.model_validate_json(manifest.model_dump_json()) == manifest
    assert onnx.load(saved(tmp_path / "again").folder / BYTES.file).graph.name == "colours"
