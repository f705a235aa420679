"""Which execution provider runs a graph, and whether it really does.

    asked (auto | cpu | cuda | tensorrt) --open_first--> Opened (session, provider, why auto fell back)
                                         ProviderMissing

ONNX Runtime falls back to the CPU without an error, so what a session runs on is compared with what was asked.
"""

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import onnxruntime as ort

from roadsight_models.errors import ProviderMissing

Asked = Literal["auto", "cpu", "cuda", "tensorrt"]
_LOG_FATAL = 4

_NAMES = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
}
_OPTIONS: dict[str, dict[str, str]] = {
    "cpu": {},
    "cuda": {
        "arena_extend_strategy": "kSameAsRequested",  # several models share one GPU
        "cudnn_conv_algo_search": "HEURISTIC",  # an exhaustive search would be paid again for every batch size
    },
    "tensorrt": {"trt_engine_cache_enable": "1", "trt_timing_cache_enable": "1"},
}
_BEHIND = {"cpu": ("cpu",), "cuda": ("cuda", "cpu"), "tensorrt": ("tensorrt", "cuda", "cpu")}


@dataclass(frozen=True)
class Opened:
    """A session and what it really runs on."""

    session: ort.InferenceSession
    provider: str  # "cpu", "cuda" or "tensorrt"
    fallback: str | None  # why `auto` did not get the GPU


def open_graph(path: Path, asked: Asked, threads: int, cache: Path | None = None) -> Opened:
    """Opens a graph, as `open_first` does where all providers are given the same one."""
    return open_first(lambda _: path, asked, threads, cache)


def open_first(choose: Callable[[str], Path], asked: Asked, threads: int, cache: Path | None = None) -> Opened:
    """Opens on the provider that was asked for the graph that is meant for it.

    Args:
        choose: gives the ONNX file for cpu, cuda or tensorrt.
        asked: a provider by name, or `auto`: CUDA where there is an NVIDIA GPU, else the CPU.
        threads: intra-op threads; one where lanes run side by side.
        cache: where TensorRT keeps its engines; beside the graph if None.

    Raises:
        ProviderMissing: a provider asked for by name is not there or did not take the graph.
    """
    if asked != "auto":
        return Opened(_open(choose(asked), asked, threads, cache), asked, None)
    why = _no_gpu()
    if why is None:
        try:
            return Opened(_open(choose("cuda"), "cuda", threads, cache), "cuda", None)
        except ProviderMissing as error:
            why = str(error)
    return Opened(_open(choose("cpu"), "cpu", threads, cache), "cpu", why)


def _open(path: Path, provider: str, threads: int, cache: Path | None) -> ort.InferenceSession:
    name = _NAMES[provider]
    if name not in ort.get_available_providers():
        raise ProviderMissing(f"this build of ONNX Runtime has no {name}; install 'roadsight[gpu]' on Linux x86-64")
    session = _session(path, provider, threads, cache)
    if session.get_providers()[0] != name:
        raise ProviderMissing(
            f"{name} was asked for, but {path.name} would run on {session.get_providers()[0]}: "
            f"is there an NVIDIA driver, and is 'roadsight[gpu]' installed?"
        )
    return session


def _session(path: Path, provider: str, threads: int, cache: Path | None) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _LOG_FATAL  # what goes wrong is raised here, in our words
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    chosen: list[tuple[str, dict[str, Any]]] = [(_NAMES[p], dict(_OPTIONS[p])) for p in _BEHIND[provider]]
    if provider == "tensorrt":
        chosen[0][1]["trt_engine_cache_path"] = str(cache or path.parent / ".tensorrt")
    try:
        if provider != "cpu":
            ort.preload_dlls()
        return ort.InferenceSession(str(path), options, providers=chosen, enable_fallback=False)
    except Exception as error:  # ONNX Runtime raises a dozen unrelated classes here
        raise ProviderMissing(f"{_NAMES[provider]} did not take {path.name}: {error}") from error


def _no_gpu() -> str | None:
    """Why there is no usable NVIDIA GPU, or None where there is one. Asks the driver; loads no CUDA library."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return "no NVIDIA driver (libcuda.so.1) on this machine"
    count = ctypes.c_int(0)
    if driver.cuInit(0) != 0 or driver.cuDeviceGetCount(ctypes.byref(count)) != 0 or count.value == 0:
        return "the NVIDIA driver finds no GPU"
    return None
