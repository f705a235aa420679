"""What stops the start, and what the service says of itself once it runs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError

import colours
import fake_gpu
from roadsight_models import providers
from roadsight_models.errors import BadBundle, BadParameter
from roadsight_models.gpu import no_gpu
from roadsight_models.runners import Gpu
from roadsight_service.registry import open_registry
from roadsight_service.settings import Settings
from running import PNG, RED_PNG, serve

Log = pytest.LogCaptureFixture


def start(root: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs `roadsight serve` as operations would; it must end by itself."""
    return subprocess.run(
        [sys.executable, "-m", "roadsight_models", "serve", "--port", "0"],
        env=os.environ | {"ROADSIGHT_BUNDLES": str(root)} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_bundle_with_a_flipped_byte_stops_the_start_and_is_named(tmp_path: Path) -> None:
    path = colours.save(tmp_path).folder / "classifier.onnx"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    done = start(tmp_path)
    assert done.returncode != 0
    assert "classifier.onnx" in done.stderr


@pytest.mark.skipif(no_gpu() is None, reason="this machine has an NVIDIA GPU")
def test_a_provider_asked_for_by_name_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    colours.save(tmp_path)
    done = start(tmp_path, ROADSIGHT_PROVIDER="cuda")
    assert done.returncode != 0
    assert "CUDAExecutionProvider" in done.stderr


def test_a_setting_that_can_not_be_read_stops_the_start_in_one_line(tmp_path: Path) -> None:
    done = start(tmp_path, ROADSIGHT_QUEUE_FRAMES="many")
    assert done.returncode != 0
    assert done.stderr.startswith("error: ROADSIGHT_QUEUE_FRAMES:")
    assert done.stderr.count("\n") == 1


def test_a_folder_without_bundles_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(BadBundle, match="ROADSIGHT_BUNDLES"):
        open_registry(Settings(bundles=tmp_path))


def test_two_bundles_for_one_task_ask_for_a_choice(tmp_path: Path) -> None:
    colours.save(tmp_path)
    colours.save(tmp_path, name="colours-robust")
    with pytest.raises(BadBundle, match="ROADSIGHT_MODELS"):
        open_registry(Settings(bundles=tmp_path))
    chosen = open_registry(Settings(bundles=tmp_path, models=("colours-robust",)))
    assert chosen.sessions["colour"].manifest.name == "colours-robust"


def test_the_newest_version_serves_unless_one_is_named(tmp_path: Path) -> None:
    for version in ("1.0.0", "1.1.0"):
        colours.save(tmp_path, version=version)
    assert open_registry(Settings(bundles=tmp_path)).sessions["colour"].manifest.version == "1.1.0"
    named = Settings(bundles=tmp_path, models=("colours@1.0.0",))
    assert open_registry(named).sessions["colour"].manifest.version == "1.0.0"


def test_a_bundle_that_is_not_there_is_told_those_that_are(tmp_path: Path) -> None:
    colours.save(tmp_path)
    with pytest.raises(BadParameter, match="there are: colours"):
        open_registry(Settings(bundles=tmp_path, models=("colors",)))


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROADSIGHT_MODELS", "traffic-sign@1.0.0, road-object")
    monkeypatch.setenv("ROADSIGHT_PORT", "9000")
    settings = Settings()
    assert settings.models == ("traffic-sign@1.0.0", "road-object")
    assert settings.port == 9000


def test_a_setting_out_of_bounds_is_refused() -> None:
    with pytest.raises(ValidationError):
        Settings(queue_frames=0)


def test_readiness_says_where_each_model_runs_and_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "no_gpu", lambda: "no GPU here")
    colours.save(tmp_path)
    with serve(Settings(bundles=tmp_path)) as url:
        assert httpx.get(f"{url}/livez").json() == {"status": "alive"}
        ready = httpx.get(f"{url}/readyz").json()
        gauge = 'roadsight_provider_fallback{provider="cpu",task="colour"} 1.0'
        assert gauge in httpx.get(f"{url}/metrics").text
    assert ready["status"] == "ready"
    told = {"name": "colours", "task": "colour", "version": "1.0.0"}
    assert ready["models"] == [told | {"provider": "cpu", "fallback": "no GPU here", "without_graphs": None}]


def test_a_gpu_serves_in_buckets_shares_its_memory_and_says_what_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = fake_gpu.install(monkeypatch, without_graphs="not all nodes are on the GPU")
    colours.save(tmp_path)
    colours.save(tmp_path, name="other", task="other")
    settings = Settings(bundles=tmp_path, provider="cuda", batch_crops=4, gpu_memory_mb=100, engine_cache=tmp_path)
    boxes = json.dumps([[0, 0, 16, 16]] * 6)
    with serve(settings) as url:
        ready = httpx.get(f"{url}/readyz", verify=False).json()
        answer = httpx.post(
            f"{url}/v1/classify", params={"regions": boxes}, content=RED_PNG, headers=PNG, verify=False
        ).json()
    assert allowed == [Gpu(largest=4, memory_bytes=50 << 20, cache=tmp_path)] * 2
    assert {model["without_graphs"] for model in ready["models"]} == {"not all nodes are on the GPU"}
    assert {model["provider"] for model in ready["models"]} == {"cuda"}
    said = [result["predictions"][0]["label"] for region in answer["regions"] for result in region["results"]]
    assert said == ["red"] * 12


def test_the_log_says_how_far_the_start_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Log) -> None:
    fake_gpu.install(monkeypatch)
    folder = colours.save(tmp_path).folder
    with caplog.at_level("INFO"):
        open_registry(Settings(bundles=tmp_path, provider="cuda", batch_crops=2))
    lines = [line.partition(", after")[0] for line in caplog.messages]
    assert lines == [
        f"opening and warming {folder}",
        "batch of 2 is warm, 1 of 2",
        "batch of 1 is warm, 2 of 2",
        "colours 1.0.0 serves colour on cuda in float32",
    ]
