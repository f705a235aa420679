"""What execution providers are told; docs/gpu.md says of each option why.

Fixed (one batch size, and what it may take of the GPU) --provider_options--> [(provider, options)]
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAMES = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
}
BEHIND = {"cpu": ("cpu",), "cuda": ("cuda", "cpu"), "tensorrt": ("tensorrt", "cuda", "cpu")}


@dataclass(frozen=True)
class Fixed:
    """A session that sees one batch size only."""

    dimension: str  # the batch's name in the graph
    size: int
    captures: bool  # into a CUDA graph, which is then replayed
    float16: bool  # whether the graph is; TensorRT must be told
    cache: Path  # of TensorRT, for this graph and size alone
    memory_bytes: int | None = None  # that it may allocate on the GPU; no limit if None


def provider_options(provider: str, fixed: Fixed | None) -> list[tuple[str, dict[str, Any]]]:
    """The chain of providers that a session is opened with: what the first one does not take falls to the next.

    Args:
        provider: cpu, cuda or tensorrt.
        fixed: None for a session that takes any batch.
    """
    told = {"cpu": {}, "cuda": _cuda(fixed, provider == "cuda"), "tensorrt": _tensorrt(fixed)}
    return [(NAMES[one], told[one]) for one in BEHIND[provider]]


def _cuda(fixed: Fixed | None, leads: bool) -> dict[str, str]:
    options = {
        "arena_extend_strategy": "kSameAsRequested",  # several models share one GPU
        "use_tf32": "0",  # float32 is float32: ten bits of mantissa would not reproduce the golden answers
        # A search is paid for every shape that comes: once for a fixed one, else again and again.
        "cudnn_conv_algo_search": "EXHAUSTIVE" if fixed else "HEURISTIC",
    }
    if fixed and fixed.memory_bytes is not None:
        options["gpu_mem_limit"] = str(fixed.memory_bytes)
    if fixed and fixed.captures and leads:
        options["enable_cuda_graph"] = "1"
    return options


def _tensorrt(fixed: Fixed | None) -> dict[str, str]:
    if fixed is None:
        return {}
    options = {
        "trt_engine_cache_enable": "1",
        "trt_engine_cache_path": str(fixed.cache),
        "trt_timing_cache_enable": "1",
        "trt_timing_cache_path": str(fixed.cache),
        "trt_fp16_enable": "1" if fixed.float16 else "0",  # a float32 graph stays in float32
        "trt_cuda_graph_enable": "1" if fixed.captures else "0",
    }
    if fixed.memory_bytes is not None:
        options["trt_max_workspace_size"] = str(fixed.memory_bytes)
    return options
