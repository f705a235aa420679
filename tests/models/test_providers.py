"""Which provider a graph gets, with a fake of ONNX Runtime in place of a GPU."""

import ctypes
import importlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import onnxruntime as ort
import pytest
from onnxruntime.capi.onnxruntime_pybind11_state import InvalidArgument

import colours
from roadsight_models import providers
from roadsight_models.asked import Provider
from roadsight_models.errors import ProviderMissing
from roadsight_models.gpu import no_gpu
from roadsight_models.provider_options import NAMES, Fixed

GRAPH = Path("somewhere/classifier.onnx")


class Runtime:
    """ONNX Runtime on a machine where `working` providers take every graph; the others are dropped in silence."""

    def __init__(self, working: tuple[str, ...]) -> None:
        self.working = working
        self.asked: list[dict[str, dict[str, Any]]] = []
        self.options: list[ort.SessionOptions] = []
        self.preloads = 0

    def open(
        self, path: str, options: ort.SessionOptions, providers: list[tuple[str, dict[str, Any]]], **_: object
    ) -> SimpleNamespace:
        self.asked.append(dict(providers))
        self.options.append(options)
        got = [name for name, _ in providers if name in self.working]
        return SimpleNamespace(get_providers=lambda: got)

    def preload(self) -> None:
        self.preloads += 1


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """A machine with a GPU, where everything works."""
    runtime = Runtime(tuple(NAMES.values()))
    monkeypatch.setattr(ort, "InferenceSession", runtime.open)
    monkeypatch.setattr(ort, "preload_dlls", runtime.preload)
    monkeypatch.setattr(ort, "get_available_providers", lambda: list(NAMES.values()))
    monkeypatch.setattr(providers, "no_gpu", lambda: None)
    return runtime


@pytest.mark.parametrize("asked", ["cpu", "cuda", "tensorrt"])
def test_a_provider_by_name_is_what_runs(machine: Runtime, asked: Provider) -> None:
    opened = providers.open_graph(GRAPH, asked, threads=1)
    assert (opened.provider, opened.fallback) == (asked, None)
    assert next(iter(machine.asked[0])) == NAMES[asked]
    assert list(machine.asked[0])[-1] == NAMES["cpu"]


def test_auto_takes_cuda_where_there_is_a_gpu(machine: Runtime) -> None:
    opened = providers.open_graph(GRAPH, "auto", threads=1)
    assert (opened.provider, opened.fallback) == ("cuda", None)
    assert [NAMES["tensorrt"] in asked for asked in machine.asked] == [False]


def test_auto_without_a_gpu_tries_no_library_of_one(machine: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "no_gpu", lambda: "no GPU here")
    assert providers.open_graph(GRAPH, "auto", threads=1).fallback == "no GPU here"
    assert machine.preloads == 0
    assert [list(asked) for asked in machine.asked] == [[NAMES["cpu"]]]


@pytest.mark.parametrize("asked", ["cuda", "tensorrt"])
def test_a_graph_that_lands_elsewhere_in_silence_is_an_error(machine: Runtime, asked: Provider) -> None:
    machine.working = (NAMES["cpu"],)
    with pytest.raises(ProviderMissing, match=rf"{NAMES[asked]} was asked for, but .* would run on {NAMES['cpu']}"):
        providers.open_graph(GRAPH, asked, threads=1)


def test_tensorrt_that_lands_on_cuda_is_not_tensorrt(machine: Runtime) -> None:
    machine.working = (NAMES["cuda"], NAMES["cpu"])
    with pytest.raises(ProviderMissing, match="would run on CUDAExecutionProvider"):
        providers.open_graph(GRAPH, "tensorrt", threads=1)


@pytest.mark.parametrize("failure", [OSError("libcudnn.so.9: not found"), RuntimeError("broken"), ImportError("gone")])
def test_libraries_that_do_not_load_are_a_missing_provider_and_auto_goes_on(
    machine: Runtime, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def fail() -> None:
        raise failure

    monkeypatch.setattr(ort, "preload_dlls", fail)
    with pytest.raises(ProviderMissing, match=str(failure)):
        providers.open_graph(GRAPH, "cuda", threads=1)
    opened = providers.open_graph(GRAPH, "auto", threads=1)
    assert opened.provider == "cpu"
    assert opened.fallback is not None and str(failure) in opened.fallback


def test_a_fixed_batch_is_all_that_the_session_takes(tmp_path: Path) -> None:
    fixed = Fixed("N", 3, captures=False, float16=False, cache=tmp_path)
    session = providers.open_on(colours.save(tmp_path).classifier, "cpu", 1, fixed)
    assert session.get_inputs()[0].shape == [3, 16, 16, 3]
    assert session.run(["logits"], {"frames": colours.crops(3)})[0].shape == (3, 3)
    with pytest.raises(InvalidArgument):
        session.run(["logits"], {"frames": colours.crops(2)})


def test_tensorrt_s_libraries_are_loaded_by_its_package_where_there_is_one(
    machine: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported: list[str] = []
    monkeypatch.setattr(importlib, "import_module", imported.append)
    providers.open_graph(GRAPH, "cuda", threads=1)
    assert imported == []
    providers.open_graph(GRAPH, "tensorrt", threads=1)
    assert imported == ["tensorrt"]


def test_a_session_has_the_threads_asked_for_and_does_not_spin(machine: Runtime) -> None:
    providers.open_graph(GRAPH, "cpu", threads=3)
    (options,) = machine.options
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (3, 1)
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"


def test_a_graph_that_no_provider_takes_is_an_error_even_for_auto(tmp_path: Path) -> None:
    (tmp_path / "classifier.onnx").write_bytes(b"garbage")
    with pytest.raises(ProviderMissing, match=r"did not take classifier\.onnx"):
        providers.open_graph(tmp_path / "classifier.onnx", "auto", threads=1)


@pytest.mark.parametrize(
    ("init", "listing", "gpus", "why"),
    [
        (0, 0, 1, None),
        (0, 0, 8, None),
        (0, 0, 0, "the NVIDIA driver finds no GPU"),
        (100, 0, 1, "the NVIDIA driver finds no GPU"),
        (0, 3, 1, "the NVIDIA driver finds no GPU"),
    ],
)
def test_the_driver_is_asked_for_gpus(
    monkeypatch: pytest.MonkeyPatch, init: int, listing: int, gpus: int, why: str | None
) -> None:
    def count(pointer: Any) -> int:
        pointer._obj.value = gpus
        return listing

    driver = SimpleNamespace(cuInit=lambda _: init, cuDeviceGetCount=count)
    monkeypatch.setattr(ctypes, "CDLL", lambda name: driver)
    assert no_gpu() == why


def test_no_driver_is_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(ctypes, "CDLL", missing)
    assert "libcuda.so.1" in str(no_gpu())


def test_the_cpu_needs_no_driver(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(providers, "no_gpu", lambda: pytest.fail("asked the driver"))
    monkeypatch.setattr(ort, "preload_dlls", lambda: pytest.fail("loaded a library of the GPU"))
    assert providers.open_graph(colours.save(tmp_path).classifier, "cpu", threads=1).provider == "cpu"
