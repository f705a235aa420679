"""A client that hangs up costs nothing more, at whatever stage it leaves."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pictures import encoded, noise
from running import RED_PNG, Wire, head, metric, occupy, post, serve_watched, until

CLOSED = 'roadsight_requests_total{code="499"'
GONE = 'roadsight_frames_dropped_total{reason="client_gone"}'


def test_during_the_upload_nothing_is_decoded_and_its_bytes_are_free_again(tmp_path: Path) -> None:
    with serve_watched(tmp_path, max_body_bytes=2000, max_buffered_bytes=2000) as (url, session):
        camera = Wire(url)
        camera.send(head(length=2000, Expect="100-continue"))
        assert camera.reply().status == 100
        camera.send(bytes(1500))
        until(lambda: post(url, body=bytes(1000)).status_code == 429)  # its bytes are counted
        camera.close()
        until(lambda: metric(url, CLOSED) == 1)
        assert post(url, body=bytes(2000)).status_code == 400  # no picture, but there is room for all of it
        assert session.batches == []
        assert metric(url, 'roadsight_stage_seconds_count{stage="inference"}') == 0


def test_in_the_queue_its_place_is_free_at_once(tmp_path: Path) -> None:
    with serve_watched(tmp_path, lanes=1, queue_frames=1) as (url, session), ThreadPoolExecutor(4) as pool:
        held = occupy(pool, url, session)
        camera = Wire(url)
        camera.send(head(), RED_PNG)
        until(lambda: metric(url, "roadsight_queue_depth") == 1)
        camera.close()
        until(lambda: metric(url, "roadsight_queue_depth") == 0)
        waiting = pool.submit(post, url)
        until(lambda: metric(url, "roadsight_queue_depth") == 1)
        session.gate.set()
        assert (held.result().status_code, waiting.result().status_code) == (200, 200)
        assert session.batches == [1, 1]
        assert (metric(url, GONE), metric(url, CLOSED)) == (1, 1)


@pytest.mark.parametrize("frame", [RED_PNG, encoded(noise(200, 200))], ids=["small", "over what is read at once"])
def test_during_its_inference_the_request_ends_at_once_and_the_lane_goes_on(tmp_path: Path, frame: bytes) -> None:
    with serve_watched(tmp_path, lanes=1) as (url, session):
        session.gate.clear()
        camera = Wire(url)
        camera.send(head(length=len(frame)) + frame)
        assert session.entered.wait(10)
        camera.close()
        until(lambda: metric(url, CLOSED) == 1)  # the gate is still shut
        session.gate.set()
        assert post(url).status_code == 200
        assert metric(url, GONE) == 1
        assert metric(url, "roadsight_predictions_total") == 1


def test_between_two_frames_of_one_connection_it_is_no_failure(tmp_path: Path) -> None:
    with serve_watched(tmp_path) as (url, _):
        with Wire(url) as camera:
            camera.send(head(), RED_PNG)
            assert camera.reply().status == 200
        assert post(url).status_code == 200
        assert (metric(url, GONE), metric(url, CLOSED)) == (0, 0)


@pytest.mark.usefixtures("long_rounds")
def test_one_that_leaves_a_shared_batch_does_not_disturb_the_others(tmp_path: Path) -> None:
    with serve_watched(tmp_path, lanes=1) as (url, session), ThreadPoolExecutor(8) as pool:
        held = occupy(pool, url, session)
        leaving = Wire(url)
        leaving.send(head(), RED_PNG)
        staying = [pool.submit(post, url) for _ in range(3)]
        until(lambda: metric(url, "roadsight_queue_depth") == 4)
        session.entered.clear()
        session.open_once()
        assert session.entered.wait(10)  # all four are in one batch now
        leaving.close()
        until(lambda: metric(url, CLOSED) == 1)
        session.gate.set()
        assert [answer.result().status_code for answer in (held, *staying)] == [200] * 4
        assert session.batches == [1, 4]


def test_ahead_of_frames_sent_without_waiting_it_ends_at_once_and_they_are_never_begun(tmp_path: Path) -> None:
    with serve_watched(tmp_path, lanes=1) as (url, session):
        session.gate.clear()
        camera = Wire(url)
        camera.send(head() + RED_PNG + head() + RED_PNG)
        assert session.entered.wait(10)
        camera.close()
        until(lambda: metric(url, CLOSED) == 1)  # the gate is still shut
        session.gate.set()
        assert post(url).status_code == 200
        assert session.batches == [1, 1]
        assert metric(url, GONE) == 1
