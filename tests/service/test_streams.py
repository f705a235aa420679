"""What a camera may rely on that streams: order, freshness, and that it costs nothing once it has gone."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import colours
from pictures import BLUE, GREEN, RED, encoded, striped
from raw_frames import raw
from roadsight_models.frame import Pixels
from roadsight_models.session import Outputs, Session, open_session
from roadsight_service.loading.relay import is_ours
from roadsight_service.registry import Registry
from roadsight_service.room import Superseded
from roadsight_service.schemas import AnswerOut
from roadsight_service.settings import Settings
from running import RED_PNG, Watched, metric, occupy, post, serve, serve_watched, until
from service.processes.lanes import serve_processes
from streams import Camera, streaming, told

FRAMES = {colour: encoded(striped(rgb)) for colour, rgb in (("red", RED), ("green", GREEN), ("blue", BLUE))}
SUPERSEDED = 'roadsight_frames_dropped_total{reason="superseded"}'
GONE = 'roadsight_frames_dropped_total{reason="client_gone"}'


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Watched]]:
    with serve_watched(tmp_path_factory.mktemp("bundles"), lanes=1) as running:
        yield running


@pytest.fixture
def camera(service: tuple[str, Watched]) -> Iterator[Camera]:
    service[1].batches.clear()
    with streaming(service[0]) as opened:
        yield opened


def held(url: str, session: Watched, camera: Camera, **header: Any) -> None:
    """Shuts the gate and sends a frame that the only lane takes."""
    session.gate.clear()
    session.entered.clear()
    camera.send(**header)
    assert session.entered.wait(10)


def waiting(url: str) -> float:
    return metric(url, "roadsight_queue_depth")


def test_a_frame_is_answered_as_a_request_is(service: tuple[str, Watched], camera: Camera) -> None:
    picture, regions = encoded(striped(RED, BLUE)), [{"box": [0, 0, 40, 40.5], "track": "7"}, [0, 0, 3, 3]]
    camera.send(picture, regions=regions, top=0, frame_id="17", camera_id="front", captured_at="2026-05-04T10:00:00Z")
    answer = camera.reply()
    AnswerOut.model_validate(answer, extra="forbid")
    query, when = f"?top=0&regions={json.dumps(regions)}", "2026-05-04T10:00:00Z"
    posted = post(
        service[0], body=picture, query=query, X_Frame_Id="17", X_Camera_Id="front", X_Captured_At=when
    ).json()
    assert answer["regions"] == posted["regions"]
    assert answer["timings_ms"].keys() == posted["timings_ms"].keys()
    assert 0 < answer["frame"].pop("age_ms") < posted["frame"].pop("age_ms")
    assert answer["frame"] == posted["frame"]


def test_a_raw_buffer_is_a_frame_too_and_what_is_the_same_for_all_may_stand_in_the_address(
    service: tuple[str, Watched],
) -> None:
    body, kind = raw(striped(GREEN), "bgra", padding=8)
    query, head = "?task=colour&top=1", {"X-Camera-Id": "rear"}
    with streaming(service[0], query, additional_headers=head) as camera:
        camera.send(body, content_type=kind)
        camera.send(body, content_type=kind, top=2)
        answer = camera.reply()
        assert (told(answer), answer["frame"]["camera"]) == ("green", "rear")
        assert told(camera.reply()) == "bad_parameter"


def by_camera(camera: Camera, count: int) -> dict[str | None, list[tuple[str | None, str]]]:
    """Reads some answers: of each camera the frames' ids and what is told of them, in order."""
    found: dict[str | None, list[tuple[str | None, str]]] = {}
    for reply in (camera.reply() for _ in range(count)):
        found.setdefault(reply["frame"]["camera"], []).append((reply["frame"]["id"], told(reply)))
    return found


def test_a_newer_frame_takes_the_place_of_the_one_that_waits(service: tuple[str, Watched], camera: Camera) -> None:
    url, session = service
    before = metric(url, SUPERSEDED)
    held(url, session, camera, camera_id="a", frame_id="0")
    for i in range(1, 6):
        camera.send(FRAMES["blue"], camera_id="a", frame_id=str(i))
    camera.send(FRAMES["green"], camera_id="b", frame_id="6")
    until(lambda: waiting(url) == 2)
    session.gate.set()
    replaced = [(str(i), "superseded") for i in range(1, 5)]
    assert by_camera(camera, 7) == {"a": [("0", "red"), *replaced, ("5", "blue")], "b": [("6", "green")]}
    assert sum(session.batches) == 3
    assert metric(url, SUPERSEDED) == before + 4


def test_neither_another_connection_s_frame_nor_a_request_is_superseded(
    service: tuple[str, Watched], camera: Camera
) -> None:
    url, session = service
    with streaming(url) as twin, ThreadPoolExecutor(2) as pool:
        held(url, session, camera, camera_id="a")
        twin.send(camera_id="a")
        posted = [pool.submit(post, url, X_Camera_Id="a") for _ in range(2)]
        until(lambda: waiting(url) == 3)
        for _ in range(2):
            camera.send(camera_id="a")
        until(lambda: waiting(url) == 4)
        session.gate.set()
        assert [told(camera.reply()) for _ in range(3)] == ["red", "superseded", "red"]
        assert told(twin.reply()) == "red"
        assert {answer.result().status_code for answer in posted} == {200}
        assert sum(session.batches) == 5


def test_a_superseded_frame_is_no_fault_of_a_model_that_is_watched() -> None:
    assert not is_ours(Superseded())


def test_a_client_that_leaves_frees_its_place_and_no_frame_of_it_is_inferred(
    service: tuple[str, Watched], camera: Camera
) -> None:
    url, session = service
    before = metric(url, GONE)
    with ThreadPoolExecutor(1) as pool:
        first = occupy(pool, url, session)
        for name in "abc":
            camera.send(camera_id=name)
        until(lambda: waiting(url) == 3)
        camera.socket.close()
        until(lambda: waiting(url) == 0)  # the gate is still shut
        session.gate.set()
        assert first.result().status_code == 200
    assert post(url).status_code == 200
    assert session.batches == [1, 1]
    assert metric(url, GONE) == before + 3


def test_lanes_that_are_processes_are_spared_its_frames_too(tmp_path: Path) -> None:
    with serve_processes(tmp_path) as running:
        with running.paused():
            with streaming(running.url) as camera:
                for i in range(40):  # each lane has one before the others, which wait or are superseded
                    camera.send(camera_id=str(i % 8))
                until(lambda: metric(running.url, SUPERSEDED) > 0)
            until(lambda: metric(running.url, "roadsight_streams") == 0)
        assert post(running.url).status_code == 200
        assert running.crops() == 1


def test_a_deadline_that_passes_while_the_frame_waits_costs_no_inference(
    service: tuple[str, Watched], camera: Camera
) -> None:
    url, session = service
    held(url, session, camera, camera_id="a")
    camera.send(camera_id="b", deadline_ms=100)
    assert told(camera.reply()) == "deadline_missed"
    session.gate.set()
    assert told(camera.reply()) == "red"
    assert session.batches == [1]


class RedWaits(Watched):
    """A session whose gate holds up red crops only."""

    def run(self, frames: Pixels) -> Outputs:
        """Infers, red once the gate is open."""
        return super().run(frames) if frames[..., 0].any() else Session.run(self, frames)


def test_an_answer_that_would_be_sent_too_late_is_not_sent(tmp_path: Path) -> None:
    session = RedWaits(open_session(colours.save(tmp_path), "cpu"))
    with serve(Settings(lanes=2), lambda _: Registry({"colour": session})) as url, streaming(url) as camera:
        held(url, session, camera, camera_id="a", frame_id="0")
        camera.send(FRAMES["blue"], camera_id="a", frame_id="1", deadline_ms=1000)
        until(lambda: metric(url, 'roadsight_predictions_total{label="blue"') == 1)  # now it waits for the one before
        camera.send(FRAMES["red"], camera_id="b", deadline_ms=1000)
        assert told(camera.reply()) == "deadline_missed"
        session.gate.set()
        assert [told(camera.reply()) for _ in range(2)] == ["red", "deadline_missed"]


def test_what_can_not_be_answered_is_told_in_its_place_and_the_stream_goes_on(camera: Camera) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    camera.send(b"no picture", frame_id="1", traceparent=f"00-{trace}-00f067aa0ba902b7-00")
    refused = camera.reply()
    assert (refused["frame"]["id"], refused["code"], refused["trace_id"]) == ("1", "bad_image", trace)
    camera.send(regions=[[9, 9, 0, 0]], frame_id="2")
    camera.send(task="smell", frame_id="3")
    camera.send(camra_id="front")
    camera.send(task=["colour", 3])
    camera.socket.send("text")
    camera.socket.send(b"")
    camera.send(frame_id="8")
    codes = ["bad_region", "unknown_task", "bad_parameter", "unknown_task", "bad_parameter", "bad_parameter", "red"]
    assert [told(camera.reply()) for _ in range(len(codes))] == codes


def test_frames_are_counted_as_requests_are(service: tuple[str, Watched], camera: Camera) -> None:
    def count(code: int) -> float:
        return metric(service[0], f'roadsight_requests_total{{code="{code}",route="/v1/stream"')

    before, ages = (count(200), count(400)), metric(service[0], "roadsight_answer_age_seconds_count")
    for body in (RED_PNG, b"no picture"):
        camera.send(body, captured_at=1)
        camera.reply()
    assert (count(200), count(400)) == (before[0] + 1, before[1] + 1)
    assert metric(service[0], "roadsight_answer_age_seconds_count") == ages + 1
    assert metric(service[0], "roadsight_streams") == 1


def test_what_can_not_be_read_is_told_and_ends_neither_the_stream_nor_its_order(camera: Camera) -> None:
    deep = json.loads("[" * 300 + "]" * 300)  # JSON reads it, and can't write it again
    headers: list[dict[str, Any]] = [{"regions": deep}, {"x": deep}, {"captured_at": deep}, {"deadline_ms": "soon"}]
    for header in [*headers, {"task": [[]]}]:
        camera.send(**header)
    camera.send(frame_id="last")
    codes = [told(camera.reply()) for _ in range(5)]
    assert codes == ["bad_parameter"] * 4 + ["unknown_task"]
    assert camera.reply()["frame"]["id"] == "last"
