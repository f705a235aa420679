from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

import colours
from roadsight_models import providers
from roadsight_models.errors import BadBundle, GoldenMismatch, ProviderMissing
from roadsight_models.session import open_session


def test_a_session_gives_logits_and_embedding_for_any_number_of_crops(tmp_path: Path) -> None:
    session = open_session(colours.save(tmp_path), "cpu")
    for n in (1, 2, 7):
        outputs = session.run(np.full((n, 16, 16, 3), (255, 0, 0), np.uint8))
        np.testing.assert_allclose(outputs.logits, [[12, 0, 0]] * n, rtol=1e-5)
        assert outputs.embedding.shape == (n, 3)


def test_auto_says_why_it_runs_on_the_cpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "_no_gpu", lambda: "no GPU here")
    session = open_session(colours.save(tmp_path), "auto")
    assert (session.provider, session.fallback) == ("cpu", "no GPU here")


def test_auto_falls_back_when_the_gpu_does_not_take_the_graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "_no_gpu", lambda: None)
    monkeypatch.setattr(ort, "get_available_providers", lambda: ["CPUExecutionProvider"])
    session = open_session(colours.save(tmp_path), "auto")
    assert session.provider == "cpu"
    assert session.fallback is not None and "CUDAExecutionProvider" in session.fallback


@pytest.mark.parametrize("provider", ["cuda", "tensorrt"])
def test_a_provider_asked_for_by_name_that_this_build_lacks_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, provider: providers.Asked
) -> None:
    monkeypatch.setattr(ort, "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(ProviderMissing, match=r"roadsight\[gpu\]"):
        open_session(colours.save(tmp_path), provider)


@pytest.mark.skipif(providers._no_gpu() is None, reason="this machine has an NVIDIA GPU")
@pytest.mark.parametrize("provider", ["cuda", "tensorrt"])
def test_onnx_runtimes_silent_fallback_is_an_error(tmp_path: Path, provider: providers.Asked) -> None:
    with pytest.raises(ProviderMissing):
        open_session(colours.save(tmp_path), provider)


@pytest.mark.gpu
@pytest.mark.skipif(providers._no_gpu() is not None, reason="needs an NVIDIA GPU")
def test_cuda_reproduces_the_golden_logits(tmp_path: Path) -> None:
    assert open_session(colours.save(tmp_path), "cuda").provider == "cuda"


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
