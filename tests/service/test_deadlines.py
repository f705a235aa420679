"""A deadline counts from receipt, however it is said and wherever it passes."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic

import httpx
import pytest
from fastapi import Request

from roadsight_service import pipeline
from roadsight_service.routes.ask import deadline
from roadsight_service.routes.given import Given
from roadsight_service.settings import Settings
from running import RED_PNG, Wire, head, metric, occupy, post, serve_watched, until


def until_when(header: str | None, field: str | None = None, **settings: float) -> float:
    """Milliseconds from receipt to the deadline."""
    headers = [] if header is None else [(b"x-deadline-ms", header.encode())]
    request = Request({"type": "http", "headers": headers, "http_version": "1.1", "query_string": b""})
    given = Given(request.scope, () if field is None else (("deadline_ms", field),))
    return 1e3 * deadline(100.0, given, Settings.model_validate(settings)) - 100e3


@pytest.mark.parametrize(
    ("header", "field", "expected"),
    [
        (None, None, 5_000),
        ("50", None, 50),
        ("50.5", None, 50.5),
        ("1e3", None, 1_000),
        ("-1", None, -1),
        (None, "70", 70),
        ("50", "70", 70),  # who fills in a form means it
        ("60000", None, 60_000),
        ("60001", None, 60_000),
        ("1e300", None, 60_000),
    ],
)
def test_a_deadline_is_what_was_said_but_no_later_than_allowed(
    header: str | None, field: str | None, expected: float
) -> None:
    assert until_when(header, field) == pytest.approx(expected, abs=1e-3)


def test_the_limits_are_settings() -> None:
    assert until_when(None, default_deadline_ms=300) == pytest.approx(300)
    assert until_when("9000", max_deadline_ms=700) == pytest.approx(700)
    assert until_when(None, default_deadline_ms=900, max_deadline_ms=700) == pytest.approx(700)


def test_a_deadline_over_the_limit_is_cut_to_it(tmp_path: Path) -> None:
    with serve_watched(tmp_path, lanes=1, max_deadline_ms=200) as (url, session):
        session.gate.clear()
        start = monotonic()
        late = post(url, deadline_ms=60_000)
        assert (late.status_code, late.json()["code"]) == (504, "deadline_missed")
        assert 0.2 <= monotonic() - start < 5


def test_a_form_can_be_in_a_hurry_too(tmp_path: Path) -> None:
    with serve_watched(tmp_path) as (url, session):
        late = httpx.post(f"{url}/v1/classify", files={"frame": RED_PNG}, data={"deadline_ms": "0"})
        assert (late.status_code, late.json()["code"]) == (504, "deadline_missed")
        assert session.batches == []


def test_the_time_that_an_upload_takes_counts(tmp_path: Path) -> None:
    with serve_watched(tmp_path) as (url, session), Wire(url) as camera:
        camera.send(head(X_Deadline_Ms="150", Expect="100-continue"))
        assert camera.reply().status == 100
        camera.send(*(RED_PNG[i : i + 1] for i in range(len(RED_PNG) - 1)))  # all but the last byte
        refused = camera.reply()
        assert (refused.status, refused.json["code"]) == (504, "deadline_missed")
        assert session.batches == []
        assert metric(url, 'roadsight_stage_seconds_count{stage="receive"}') == 1


def test_a_deadline_that_passes_during_inference_is_told_at_once(tmp_path: Path) -> None:
    with serve_watched(tmp_path, lanes=1) as (url, session):
        session.gate.clear()
        assert post(url, deadline_ms=100).status_code == 504  # the gate is still shut
        session.gate.set()
        assert post(url).status_code == 200
        assert metric(url, 'roadsight_frames_dropped_total{reason="deadline_missed"}') == 1


def test_an_answer_that_is_there_too_late_is_a_missed_deadline_and_no_prediction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve_watched(tmp_path) as (url, session):
        with monkeypatch.context() as patch:
            patch.setattr(pipeline, "monotonic", lambda: monotonic() + 60)  # the loop comes to the answer that late
            late = post(url)
        assert (late.status_code, late.json()["code"]) == (504, "deadline_missed")
        assert "before the answer" in late.json()["detail"]
        assert session.batches == [1]
        assert metric(url, 'roadsight_frames_dropped_total{reason="deadline_missed"}') == 1
        assert metric(url, "roadsight_predictions_total") == 0
        assert post(url).status_code == 200


@pytest.mark.usefixtures("long_rounds")
def test_of_frames_that_wait_only_those_in_time_are_inferred(tmp_path: Path) -> None:
    with serve_watched(tmp_path, lanes=1) as (url, session), ThreadPoolExecutor(8) as pool:
        held = occupy(pool, url, session)
        late = [pool.submit(post, url, 150) for _ in range(3)]
        patient = [pool.submit(post, url, 15_000) for _ in range(2)]
        assert [answer.result().status_code for answer in late] == [504] * 3
        until(lambda: metric(url, "roadsight_queue_depth") == 2)
        session.gate.set()
        assert [answer.result().status_code for answer in (held, *patient)] == [200] * 3
        assert session.batches == [1, 2]
