"""Every failure is counted by route and status, and every stage it reached is timed."""

from pathlib import Path

import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pictures import encoded, png_header, striped
from roadsight_service.metrics import STAGES, Clock, Metrics
from running import PNG, RED_PNG, metric, post, serve_watched, until

READ = {"receive", "total"}
DECODED = READ | {"queue", "decode"}


def reached(url: str) -> set[str]:
    return {stage for stage in STAGES if metric(url, f'roadsight_stage_seconds_count{{stage="{stage}"}}')}


@pytest.mark.parametrize(
    ("status", "query", "body", "headers", "stages"),
    [
        (415, "", RED_PNG, {"Content-Type": "text/plain"}, {"total"}),
        (422, "", RED_PNG, {"X-Deadline-Ms": "soon"}, {"total"}),
        (413, "", bytes(3000), {}, {"total"}),
        (404, "?task=smell", RED_PNG, {}, READ),
        (422, "?top=many", RED_PNG, {}, READ),
        (400, "", b"no picture", {}, DECODED),
        (413, "", png_header(60_000, 60_000), {}, DECODED),
        (422, "?regions=[[50,50,60,60]]", RED_PNG, {}, DECODED),  # told from the header
        (200, "", RED_PNG, {}, set(STAGES)),
    ],
)
def test_a_request_is_timed_as_far_as_it_came(
    tmp_path: Path, status: int, query: str, body: bytes, headers: dict[str, str], stages: set[str]
) -> None:
    with serve_watched(tmp_path, max_body_bytes=2000) as (url, _):
        answer = httpx.post(f"{url}/v1/classify{query}", content=body, headers=PNG | headers)
        assert answer.status_code == status
        assert reached(url) == stages
        assert metric(url, f'roadsight_requests_total{{code="{status}",route="/v1/classify"}}') == 1
        assert metric(url, 'roadsight_request_seconds_count{route="/v1/classify"}') == 1
        assert metric(url, "roadsight_queue_wait_seconds_count") == ("queue" in stages)


def test_a_model_that_breaks_is_counted_as_our_fault_and_judges_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve_watched(tmp_path) as (url, session):
        with monkeypatch.context() as broken:
            broken.setattr(session, "_runner", None)
            failed = post(url)
        assert (failed.status_code, failed.json()["code"]) == (500, "internal")
        assert metric(url, "roadsight_predictions_total") == 0
        assert reached(url) >= DECODED
        until(lambda: metric(url, 'roadsight_requests_total{code="500"') == 1)
        assert post(url).status_code == 200


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_model_that_overflows_has_judged_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: float
) -> None:
    with serve_watched(tmp_path) as (url, session):
        outputs = session.run(striped((0, 0, 0), width=16, height=16)[None])
        wrong = outputs._replace(logits=np.full_like(outputs.logits, value))
        monkeypatch.setattr(session, "run", lambda _: wrong)
        (result,) = post(url).json()["regions"][0]["results"]
        assert (result["status"], result["reason"], result["predictions"]) == ("unknown", "logits_not_finite", [])
        assert metric(url, 'roadsight_predictions_total{label="unknown"') == 1


def test_regions_that_are_not_judged_are_counted_as_unknown(tmp_path: Path) -> None:
    with serve_watched(tmp_path) as (url, _):
        query = "?regions=[[0,0,2,2],[0,0,40,40]]"
        httpx.post(f"{url}/v1/classify{query}", content=encoded(striped((255, 0, 0))), headers=PNG)
        assert metric(url, 'roadsight_predictions_total{label="unknown"') == 1
        assert metric(url, 'roadsight_predictions_total{label="red"') == 1
        assert metric(url, "roadsight_confidence_count") == 1  # an unknown region has no confidence


def test_health_and_metrics_are_counted_by_their_own_routes(tmp_path: Path) -> None:
    with serve_watched(tmp_path) as (url, _):
        for route in ("/livez", "/readyz", "/v1/models"):
            httpx.get(url + route)
            assert metric(url, f'roadsight_requests_total{{code="200",route="{route}"}}') == 1
        httpx.post(f"{url}/livez")
        assert metric(url, 'roadsight_requests_total{code="405",route="/livez"}') == 1


SPENT = st.lists(st.tuples(st.sampled_from(STAGES[:-1]), st.floats(0, 1e3)), max_size=20)


@given(SPENT)
def test_a_clock_has_every_stage_and_books_each_once(spent: list[tuple[str, float]]) -> None:
    clock, metrics = Clock(), Metrics()
    for stage, seconds in spent:
        clock.add(stage, seconds)
    shown = clock.milliseconds()
    assert tuple(shown) == STAGES
    for stage in STAGES[:-1]:
        assert shown[stage] == pytest.approx(1e3 * sum(s for name, s in spent if name == stage), abs=1e-3)
    clock.observe(metrics)
    for stage in STAGES:
        count = metrics.registry.get_sample_value("roadsight_stage_seconds_count", {"stage": stage})
        assert (count or 0) == (stage == "total" or stage in dict(spent))
    waited = metrics.registry.get_sample_value("roadsight_queue_wait_seconds_count")
    assert waited == ("queue" in dict(spent))


@given(st.lists(st.sampled_from(STAGES[:-1]), min_size=1, max_size=5))
def test_time_never_runs_backwards_even_when_stages_fail(stages: list[str]) -> None:
    clock = Clock()
    for stage in stages:
        before = dict(clock.spent)
        with pytest.raises(KeyError), clock.stage(stage):
            raise KeyError(stage)
        assert clock.spent[stage] >= before.get(stage, 0)
    shown = clock.milliseconds()
    assert shown["total"] >= sum(value for name, value in shown.items() if name != "total") - 0.01
