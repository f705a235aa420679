from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest

import colours
import fake_gpu
from roadsight_models import bundle, providers, runners, session
from roadsight_models.asked import Provider
from roadsight_models.errors import BadBundle, GoldenMismatch, ProviderMissing
from roadsight_models.frame import Pixels
from roadsight_models.gpu import no_gpu
from roadsight_models.manifest import Precision
from roadsight_models.runners import Gpu
from roadsight_models.session import open_session
from roadsight_models.staged import Floats, Staged

SHIPPED = sorted(bundle.latest(Path(__file__).parents[2] / "models" / "bundles").values())
HALF = {
    "name": "float16",
    "file": "classifier.float16.onnx",
    "size": 1,
    "top1": 1.0,
    "latency_ratio": None,
    "golden_tolerance": 1e-3,
}


def test_a_session_gives_logits_and_embedding_for_any_number_of_crops(tmp_path: Path) -> None:
    session = open_session(colours.save(tmp_path), "cpu")
    for n in (1, 2, 7):
        outputs = session.run(np.full((n, 16, 16, 3), (255, 0, 0), np.uint8))
        np.testing.assert_allclose(outputs.logits, [[12, 0, 0]] * n, rtol=1e-5)
        assert outputs.embedding.shape == (n, 3)


def test_auto_says_why_it_runs_on_the_cpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "no_gpu", lambda: "no GPU here")
    session = open_session(colours.save(tmp_path), "auto")
    assert (session.provider, session.fallback) == ("cpu", "no GPU here")


def test_auto_falls_back_when_the_gpu_does_not_take_the_graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "no_gpu", lambda: None)
    monkeypatch.setattr(ort, "get_available_providers", lambda: ["CPUExecutionProvider"])
    session = open_session(colours.save(tmp_path), "auto")
    assert session.provider == "cpu"
    assert session.fallback is not None and "CUDAExecutionProvider" in session.fallback


@pytest.mark.parametrize("provider", ["cuda", "tensorrt"])
def test_a_provider_asked_for_by_name_that_this_build_lacks_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provider: Provider
) -> None:
    monkeypatch.setattr(ort, "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(ProviderMissing, match=r"roadsight\[gpu\]"):
        open_session(colours.save(tmp_path), provider)


@pytest.mark.skipif(no_gpu() is None, reason="this machine has an NVIDIA GPU")
@pytest.mark.parametrize("provider", ["cuda", "tensorrt"])
def test_onnx_runtimes_silent_fallback_is_an_error(tmp_path: Path, provider: Provider) -> None:
    with pytest.raises(ProviderMissing):
        open_session(colours.save(tmp_path), provider)


def test_a_graph_that_does_not_reproduce_the_golden_logits_is_not_ready(tmp_path: Path) -> None:
    with np.load(colours.save(tmp_path / "good").folder / "golden.npz") as golden:
        frames, logits = golden["frames"], golden["logits"]
    logits[0, 0] += 0.5
    np.savez(tmp_path / "golden.npz", frames=frames, logits=logits)
    doctored = colours.save(tmp_path, files={"golden.npz": (tmp_path / "golden.npz").read_bytes()})
    with pytest.raises(GoldenMismatch, match="differ by"):
        open_session(doctored, "cpu")


def test_golden_inputs_of_another_size_are_an_error(tmp_path: Path) -> None:
    np.savez(tmp_path / "golden.npz", frames=np.zeros((1, 8, 8, 3), np.uint8), logits=np.zeros((1, 3), np.float32))
    doctored = colours.save(tmp_path, files={"golden.npz": (tmp_path / "golden.npz").read_bytes()})
    with pytest.raises(GoldenMismatch, match="do not fit"):
        open_session(doctored, "cpu")


def test_labels_and_logits_must_agree(tmp_path: Path) -> None:
    with pytest.raises(BadBundle, match="3 logits, but 2 labels"):
        open_session(colours.save(tmp_path, labels=("red", "green")), "cpu")


@pytest.mark.parametrize("frames", [np.zeros((1, 8, 8, 3), np.uint8), np.zeros((1, 16, 16, 3), np.float32)])
def test_a_batch_of_another_shape_or_dtype_is_refused(
    tmp_path: Path, frames: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]"
) -> None:
    with pytest.raises(ValueError, match="expected uint8"):
        open_session(colours.save(tmp_path), "cpu").run(frames)


def test_on_a_gpu_every_bucket_must_reproduce_the_golden_logits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_gpu.install(monkeypatch)
    ran: list[int] = []
    run = Staged.run

    def noted(self: Staged, frames: Pixels) -> tuple[Floats, Floats]:
        ran.append(len(frames))
        return run(self, frames)

    monkeypatch.setattr(Staged, "run", noted)
    opened = open_session(colours.save(tmp_path), "cuda", gpu=Gpu(largest=8))
    assert (opened.provider, opened.buckets, opened.without_graphs) == ("cuda", (1, 2, 4, 8), None)
    assert sorted(ran) == [1, 2, 4, 8]


def test_one_bucket_that_answers_differently_is_not_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_gpu.install(monkeypatch)
    run = Staged.run

    def wrong_for_two(self: Staged, frames: Pixels) -> tuple[Floats, Floats]:
        logits, embedding = run(self, frames)
        return (logits[:, ::-1], embedding) if len(frames) == 2 else (logits, embedding)

    monkeypatch.setattr(Staged, "run", wrong_for_two)
    with pytest.raises(GoldenMismatch, match="on cuda the golden probabilities differ"):
        open_session(colours.save(tmp_path), "cuda")


@pytest.mark.parametrize("frames", [np.zeros((1, 8, 8, 3), np.uint8), np.zeros((1, 16, 16, 3), np.float32)])
def test_on_a_gpu_too_a_batch_of_another_shape_or_dtype_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, frames: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]"
) -> None:
    fake_gpu.install(monkeypatch)
    with pytest.raises(ValueError, match="expected uint8"):
        open_session(colours.save(tmp_path), "cuda").run(frames)


def test_engines_of_another_network_or_precision_are_never_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = runners.Direct(providers.open_on(colours.save(tmp_path / "any").classifier, "cpu", 1))
    folders: list[Path] = []

    def noted(*given: Any) -> runners.Direct:
        folders.append(given[-1])
        return opened

    monkeypatch.setattr(session, "open_staged", noted)
    half = Precision.model_validate(HALF)
    bundles = [
        colours.save(tmp_path / version, {half.file: colours.graph()}, version=version, precisions=(half,))
        for version in ("1.0.0", "1.1.0")
    ]
    for each in bundles:
        open_session(each, "tensorrt")
        open_session(each, "tensorrt", precision="float32", gpu=Gpu(cache=tmp_path / "engines"))
    assert len({folder.name for folder in folders}) == 4
    assert [folder.parent for folder in folders[:2]] == [bundles[0].folder / ".tensorrt", tmp_path / "engines"]


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.parent.name)
def test_shipped_bundles_reproduce_their_golden_answers_in_every_bucket(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_gpu.install(monkeypatch)
    opened = open_session(bundle.load(folder), "cuda", gpu=Gpu(largest=16))  # or it raises
    assert opened.buckets == (1, 2, 4, 8, 16)
    assert opened.precision == "float16"
