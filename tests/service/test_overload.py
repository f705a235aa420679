"""What happens when more comes than can be done; asserted by counting work, not by timing it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from running import metric, occupy, post, serve_watched, until


def test_a_full_queue_says_429_with_retry_after_and_loses_none_that_it_took(tmp_path: Path) -> None:
    with serve_watched(tmp_path, lanes=1, queue_frames=2) as (url, session), ThreadPoolExecutor(8) as pool:
        held = occupy(pool, url, session)
        waiting = [pool.submit(post, url) for _ in range(2)]
        until(lambda: metric(url, "roadsight_queue_depth") == 2)
        refused = post(url)
        assert (refused.status_code, refused.json()["code"]) == (429, "queue_full")
        assert int(refused.headers["retry-after"]) >= 1
        session.gate.set()
        assert [answer.result().status_code for answer in (held, *waiting)] == [200, 200, 200]
        assert metric(url, 'roadsight_frames_dropped_total{reason="queue_full"}') == 1


def test_a_frame_that_could_not_be_in_time_is_told_at_once_and_costs_nothing(tmp_path: Path) -> None:
    with serve_watched(tmp_path, lanes=1) as (url, session), ThreadPoolExecutor(8) as pool:
        slow = occupy(pool, url, session)
        threading.Timer(1, session.gate.set).start()  # one frame has taken a second by now
        assert slow.result().status_code == 200
        held = occupy(pool, url, session)
        patient = pool.submit(post, url)
        until(lambda: metric(url, "roadsight_queue_depth") == 1)
        hasty = post(url, deadline_ms=900)
        assert (hasty.status_code, hasty.json()["code"]) == (429, "queue_full")
        assert "an answer would take" in hasty.json()["detail"]
        session.gate.set()
        assert [answer.result().status_code for answer in (held, patient)] == [200, 200]
        assert session.batches == [1, 1, 1]


@pytest.mark.usefixtures("long_rounds")
def test_what_waits_is_inferred_together(tmp_path: Path) -> None:
    with serve_watched(tmp_path, lanes=1, queue_frames=16) as (url, session), ThreadPoolExecutor(8) as pool:
        held = occupy(pool, url, session)
        waiting = [pool.submit(post, url) for _ in range(5)]
        until(lambda: metric(url, "roadsight_queue_depth") == 5)
        session.gate.set()
        assert {answer.result().status_code for answer in (held, *waiting)} == {200}
        assert session.batches == [1, 5]


def test_a_deadline_that_passes_in_the_queue_costs_no_inference(tmp_path: Path) -> None:
    with serve_watched(tmp_path, lanes=1) as (url, session), ThreadPoolExecutor(8) as pool:
        held = occupy(pool, url, session)
        late = post(url, deadline_ms=100)
        assert (late.status_code, late.json()["code"]) == (504, "deadline_missed")
        assert metric(url, "roadsight_queue_depth") == 0
        session.gate.set()
        assert held.result().status_code == 200
        assert session.batches == [1]
        assert metric(url, 'roadsight_frames_dropped_total{reason="deadline_missed"}') == 1


def test_frames_in_the_house_are_answered_before_the_service_stops(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        with serve_watched(tmp_path, lanes=1) as (url, session):
            held = occupy(pool, url, session)
            threading.Timer(0.3, session.gate.set).start()
        assert held.result().status_code == 200


def test_a_model_that_fails_is_our_fault_and_the_lane_lives_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve_watched(tmp_path, lanes=1) as (url, session):
        with monkeypatch.context() as broken:
            broken.setattr(session, "_runner", None)
            failed = post(url)
        assert (failed.status_code, failed.json()["code"]) == (500, "internal")
        assert "NoneType" not in failed.text
        assert post(url).status_code == 200
        assert metric(url, 'roadsight_requests_total{code="500",route="/v1/classify"}') == 1
