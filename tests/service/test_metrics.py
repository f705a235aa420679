from pathlib import Path

import httpx
import pytest

from pictures import RED, encoded, striped
from roadsight_service.metrics import STAGES, Clock, Metrics
from running import serve_watched

PNG = {"Content-Type": "image/png"}


def series(url: str) -> dict[str, float]:
    lines = [line for line in httpx.get(f"{url}/metrics").text.splitlines() if not line.startswith("#")]
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


def test_every_stage_of_an_answered_frame_is_a_histogram(tmp_path: Path) -> None:
    with serve_watched(tmp_path) as (url, session):
        httpx.post(f"{url}/v1/classify", content=encoded(striped(RED)), headers=PNG)
        seen = series(url)
    for stage in STAGES:
        assert seen[f'roadsight_stage_seconds_count{{stage="{stage}"}}'] == 1
    assert seen['roadsight_requests_total{code="200",route="/v1/classify"}'] == 1
    assert seen['roadsight_request_seconds_count{route="/v1/classify"}'] == 1
    assert seen["roadsight_batch_size_sum"] == 1
    assert seen["roadsight_queue_wait_seconds_count"] == 1
    assert seen['roadsight_predictions_total{label="red",task="colour"}'] == 1
    assert seen['roadsight_confidence_count{task="colour"}'] == 1
    info = 'name="colours",precision="float32",provider="cpu",task="colour",version="1.0.0"'
    assert seen[f'roadsight_model_info{{digest="{session.manifest.digest}",{info}}}'] == 1
    assert seen["roadsight_ready"] == 1


def test_failures_are_timed_and_counted_too(tmp_path: Path) -> None:
    with serve_watched(tmp_path) as (url, _):
        httpx.post(f"{url}/v1/classify", content=b"no picture", headers=PNG)
        seen = series(url)
    assert seen['roadsight_requests_total{code="400",route="/v1/classify"}'] == 1
    assert seen['roadsight_request_seconds_count{route="/v1/classify"}'] == 1
    for stage in ("receive", "queue", "decode", "total"):
        assert seen[f'roadsight_stage_seconds_count{{stage="{stage}"}}'] == 1
    assert 'roadsight_stage_seconds_count{stage="inference"}' not in seen


def test_a_client_that_tries_paths_makes_no_series(tmp_path: Path) -> None:
    with serve_watched(tmp_path) as (url, _):
        for i in range(5):
            httpx.get(f"{url}/secret/{i}")
        seen = series(url)
    assert seen['roadsight_requests_total{code="404",route="unmatched"}'] == 5
    assert not any("secret" in name for name in seen)


def test_a_fallback_to_the_cpu_is_a_metric(tmp_path: Path) -> None:
    with serve_watched(tmp_path) as (url, session):
        assert session.fallback is None
        assert series(url)['roadsight_provider_fallback{provider="cpu",task="colour"}'] == 0


def test_a_stage_that_fails_is_timed() -> None:
    clock = Clock()
    with pytest.raises(ValueError, match="broken"), clock.stage("decode"):
        raise ValueError("broken")
    assert clock.spent["decode"] > 0
    assert clock.milliseconds()["inference"] == 0


def test_two_applications_do_not_share_their_metrics() -> None:
    one, other = Metrics(), Metrics()
    one.dropped("queue_full")
    assert one.registry.get_sample_value("roadsight_frames_dropped_total", {"reason": "queue_full"}) == 1
    assert other.registry.get_sample_value("roadsight_frames_dropped_total", {"reason": "queue_full"}) == 0
