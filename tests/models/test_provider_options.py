"""What providers are told, for sessions of one batch size and of any."""

from dataclasses import replace
from pathlib import Path

import pytest

from roadsight_models.provider_options import BEHIND, NAMES, Fixed, provider_options

FIXED = Fixed("N", 8, captures=True, float16=True, cache=Path("engines/8"), memory_bytes=1 << 20)


def options(provider: str, fixed: Fixed | None, of: str | None = None) -> dict[str, str]:
    return dict(provider_options(provider, fixed))[NAMES[of or provider]]


def test_every_chain_begins_with_its_provider_and_ends_on_the_cpu() -> None:
    for provider, chain in BEHIND.items():
        assert (chain[0], chain[-1]) == (provider, "cpu")
        assert [name for name, _ in provider_options(provider, None)] == [NAMES[one] for one in chain]
        assert len(set(chain)) == len(chain)


def test_cuda_searches_as_long_as_it_likes_only_for_shapes_that_stay() -> None:
    assert options("cuda", FIXED)["cudnn_conv_algo_search"] == "EXHAUSTIVE"
    assert options("cuda", None)["cudnn_conv_algo_search"] == "HEURISTIC"


@pytest.mark.parametrize("fixed", [FIXED, None])
def test_float32_is_computed_in_float32(fixed: Fixed | None) -> None:
    assert options("cuda", fixed)["use_tf32"] == "0"


def test_graphs_are_captured_by_the_provider_that_leads_and_only_if_asked() -> None:
    assert options("cuda", FIXED)["enable_cuda_graph"] == "1"
    assert options("tensorrt", FIXED)["trt_cuda_graph_enable"] == "1"
    assert "enable_cuda_graph" not in options("tensorrt", FIXED, of="cuda")
    without = replace(FIXED, captures=False)
    assert "enable_cuda_graph" not in options("cuda", without)
    assert options("tensorrt", without)["trt_cuda_graph_enable"] == "0"
    assert "enable_cuda_graph" not in options("cuda", None)


def test_a_limit_holds_for_every_provider_of_the_chain_and_none_is_no_limit() -> None:
    assert options("cuda", FIXED)["gpu_mem_limit"] == str(1 << 20)
    assert options("tensorrt", FIXED, of="cuda")["gpu_mem_limit"] == str(1 << 20)
    assert options("tensorrt", FIXED)["trt_max_workspace_size"] == str(1 << 20)
    free = replace(FIXED, memory_bytes=None)
    assert "gpu_mem_limit" not in options("cuda", free)
    assert "trt_max_workspace_size" not in options("tensorrt", free)


def test_tensorrt_computes_in_half_only_what_was_published_in_half() -> None:
    assert options("tensorrt", FIXED)["trt_fp16_enable"] == "1"
    assert options("tensorrt", replace(FIXED, float16=False))["trt_fp16_enable"] == "0"


def test_tensorrt_keeps_engines_and_timings_where_it_is_told() -> None:
    told = options("tensorrt", FIXED)
    assert told["trt_engine_cache_enable"] == told["trt_timing_cache_enable"] == "1"
    assert told["trt_engine_cache_path"] == told["trt_timing_cache_path"] == str(Path("engines/8"))


def test_the_cpu_is_told_nothing() -> None:
    assert provider_options("cpu", FIXED) == [(NAMES["cpu"], {})]
