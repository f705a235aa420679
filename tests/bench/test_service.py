"""The service as the benchmark runs it: a real process."""

from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest

from pictures import RED, jpeg, striped
from roadsight_bench import server, service
from roadsight_bench.errors import ServiceFailed

FRAME = jpeg(striped(RED))


def test_it_is_ready_with_the_one_bundle_in_the_precision_asked_for(bundles: Path) -> None:
    with server.running(service.launch(bundles, "s3", "cpu", "float32", lanes=1), FRAME) as served:
        served.check()
        assert 0 < served.ready_s < served.launch.ready_within_s
        (model,) = httpx.get(urljoin(served.launch.url, "/v1/models"), verify=False).json()["models"]
    assert (model["name"], model["precision"], model["provider"]) == ("s3", "float32", "cpu")
    assert served.process.returncode == 0


def test_settings_of_whoever_runs_the_benchmark_do_not_reach_it(bundles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROADSIGHT_QUEUE_FRAMES", "none")
    with server.running(service.launch(bundles, "s3", "cpu", "float32", lanes=1), FRAME) as served:
        assert served.process.poll() is None


def test_one_that_does_not_start_ends_in_its_own_words(tmp_path: Path) -> None:
    launch = service.launch(tmp_path, "s3", "cpu", "float32", lanes=1)
    with pytest.raises(ServiceFailed, match="no bundle here"), server.running(launch, FRAME):
        pass


def test_the_provider_asked_for_is_the_service_s_and_its_refusal_is_told(
    bundles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")  # a machine with a GPU has none for this test
    launch = service.launch(bundles, "s3", "cuda", "float32", lanes=1)
    with pytest.raises(ServiceFailed, match="CUDAExecutionProvider"), server.running(launch, FRAME):
        pass


def test_a_gpu_has_more_time_to_become_ready(bundles: Path) -> None:
    times = [service.launch(bundles, "s3", one, "auto", 1).ready_within_s for one in ("cpu", "cuda", "tensorrt")]
    assert times == sorted(set(times))
