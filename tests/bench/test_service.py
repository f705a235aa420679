"""The service as the benchmark runs it: a real process."""

from pathlib import Path

import httpx
import pytest

from roadsight_bench import service
from roadsight_bench.errors import ServiceFailed


def test_it_is_ready_with_the_one_bundle_in_the_precision_asked_for(bundles: Path) -> None:
    with service.running(bundles, "s3", "cpu", "float32", lanes=1) as served:
        served.check()
        assert 0 < served.ready_s < service.READY_WITHIN_S["cpu"]
        (model,) = httpx.get(f"{served.url}/v1/models", verify=False).json()["models"]
    assert (model["name"], model["precision"], model["provider"]) == ("s3", "float32", "cpu")
    assert served.process.returncode == 0


def test_settings_of_whoever_runs_the_benchmark_do_not_reach_it(bundles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROADSIGHT_QUEUE_FRAMES", "none")
    with service.running(bundles, "s3", "cpu", "float32", lanes=1):
        pass


def test_one_that_does_not_start_ends_in_its_own_words(tmp_path: Path) -> None:
    with (
        pytest.raises(ServiceFailed, match="no bundle here"),
        service.running(tmp_path, "s3", "cpu", "float32", lanes=1),
    ):
        pass


def test_one_that_ends_meanwhile_is_noticed(bundles: Path) -> None:
    with service.running(bundles, "s3", "cpu", "float32", lanes=1) as served:
        served.process.kill()
        served.process.wait(20)
        with pytest.raises(ServiceFailed, match="status -9"):
            served.check()


def test_the_provider_asked_for_is_the_service_s_and_its_refusal_is_told(
    bundles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")  # a machine with a GPU has none for this test
    with (
        pytest.raises(ServiceFailed, match="CUDAExecutionProvider"),
        service.running(bundles, "s3", "cuda", "float32", lanes=1),
    ):
        pass
