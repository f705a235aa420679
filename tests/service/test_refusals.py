"""Frames that are refused before their body is read, over the wire."""

from pathlib import Path

import httpx
import pytest
from starlette.types import Receive, Scope, Send

import colours
from roadsight_service.pace import Pace
from roadsight_service.routes.frames import Frames
from running import RED_PNG, Wire, head, launched, metric, serve_watched

BODY = bytes(300_000)
READ = 'roadsight_stage_seconds_count{stage="receive"}'


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers would take 20 s: too long by default, not for a frame that has a minute."""
    monkeypatch.setattr(Pace, "expected", lambda *_: 20.0)


@pytest.mark.usefixtures("slow")
def test_they_are_told_without_their_body_and_the_connection_goes_on(tmp_path: Path) -> None:
    with serve_watched(tmp_path) as (url, session), Wire(url) as camera:
        camera.send(head(length=len(BODY)))
        refused = camera.reply()
        assert (refused.status, refused.json["code"]) == (429, "queue_full")
        assert metric(url, READ) == 0
        camera.send(BODY, head(X_Deadline_Ms="60000"), RED_PNG)
        assert camera.reply().status == 200
        assert session.batches == [1]


@pytest.mark.usefixtures("slow")
def test_one_whose_connection_ends_with_the_answer_is_read_first_or_it_could_not_hear_it(tmp_path: Path) -> None:
    with serve_watched(tmp_path) as (url, _), Wire(url) as camera:
        camera.send(head(length=len(BODY), Connection="close"), BODY)
        assert camera.reply().status == 429
        assert camera.ended()
        assert metric(url, READ) == 1


@pytest.mark.usefixtures("slow")
def test_a_form_may_say_in_its_body_that_it_has_time(tmp_path: Path) -> None:
    with serve_watched(tmp_path) as (url, _):
        said = {"deadline_ms": "60000"}
        answer = httpx.post(f"{url}/v1/classify", files={"frame": RED_PNG}, data=said, timeout=20, verify=False)
        assert answer.status_code == 200


def test_a_connection_that_idles_after_the_rest_of_a_refused_body_is_closed(tmp_path: Path) -> None:
    colours.save(tmp_path)
    with launched(tmp_path, ROADSIGHT_PROVIDER="cpu", ROADSIGHT_MAX_BODY_BYTES="1024") as (url, _), Wire(url) as camera:
        camera.send(head(length=len(BODY)))
        assert camera.reply().status == 413
        camera.send(BODY)
        assert camera.ended()  # after 5 s


@pytest.mark.usefixtures("slow")
def test_thousands_sent_without_waiting_are_each_told_in_order(tmp_path: Path) -> None:
    with serve_watched(tmp_path) as (url, session), Wire(url) as camera:
        for _ in range(10):
            camera.send((head() + RED_PNG) * 200)
            assert {camera.reply().status for _ in range(200)} == {429}
        camera.send(head(X_Deadline_Ms="60000"), RED_PNG)
        assert camera.reply().status == 200
        assert session.batches == [1]
        assert metric(url, 'roadsight_frames_dropped_total{reason="queue_full"}') == 2000
        assert metric(url, 'roadsight_requests_total{code="429"') == 2000


@pytest.mark.usefixtures("slow")
def test_a_frame_that_its_head_rules_out_is_never_a_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []
    classify = Frames.__call__

    async def counted(frames: Frames, scope: Scope, receive: Receive, send: Send) -> None:
        begun.append(scope["path"])
        await classify(frames, scope, receive, send)

    monkeypatch.setattr(Frames, "__call__", counted)
    with serve_watched(tmp_path) as (url, _), Wire(url) as camera:
        camera.send(head(length=len(BODY)), BODY, head(X_Deadline_Ms="none"), RED_PNG)
        assert [camera.reply().status for _ in range(2)] == [429, 422]
        assert begun == []
