"""The commands that ask a service, as a person or a script runs them."""

import json
import math
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest

from client.adapters.drives import BEGAN_NS, mcap, video
from pictures import BLUE, GREEN, RED, encoded, striped
from roadsight_client import Answer, CameraFrame, Frame, RawFrame, Seen, Superseded, UnknownTask, Unreachable
from roadsight_client.commands.classify import classify
from roadsight_client.commands.paced import paced
from roadsight_client.commands.pixels import bgr
from roadsight_client.commands.replay import replay
from roadsight_client.commands.stream import stream, watch
from roadsight_client.commands.summary import Summary
from running import serve_watched

Captured = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve_watched(tmp_path_factory.mktemp("bundles")) as (url, _):
        yield url


def label(line: str) -> str:
    """The likeliest class that a line of JSON names."""
    return str(json.loads(line)["answer"]["regions"][0]["results"][0]["predictions"][0]["label"])


def test_pictures_and_folders_are_classified_in_order(url: str, tmp_path: Path, capsys: Captured) -> None:
    folder = tmp_path / "drive"
    folder.mkdir()
    for path, colour in ((folder / "1.png", RED), (folder / "2.jpg", GREEN), (tmp_path / "last.png", BLUE)):
        path.write_bytes(encoded(striped(colour), path.suffix))
    classify([folder, tmp_path / "last.png"], url=url, as_json=True, regions="[[0,0,40,40]]")
    said = capsys.readouterr()
    assert [label(line) for line in said.out.splitlines()] == ["red", "green", "blue"]
    assert [json.loads(line)["frame"]["id"] for line in said.out.splitlines()] == ["1.png", "2.jpg", "last.png"]
    assert said.err.startswith("3 frames: 3 answered; latency p50 ")
    classify([folder], url=url)
    assert "red 1.00" in capsys.readouterr().out


def test_what_is_refused_is_shown_and_ends_in_status_1(url: str, tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "notes.jpg").write_text("no picture")
    with pytest.raises(SystemExit, match="1"):
        classify([tmp_path / "notes.jpg"], url=url, as_json=True)
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["outcome"] == "bad_image"
    assert json.loads(line)["answer"] is None


def test_what_goes_wrong_is_one_line(tmp_path: Path) -> None:
    for path in (tmp_path / "gone.jpg", tmp_path):  # no file, and an empty folder
        with pytest.raises(SystemExit, match=f"error: .*{path.name}"):
            classify([path], url="http://127.0.0.1:9")
    (tmp_path / "frame.jpg").write_bytes(b"")
    with pytest.raises(SystemExit, match=r"error: http://127\.0\.0\.1:9"):
        classify([tmp_path / "frame.jpg"], url="http://127.0.0.1:9")
    with pytest.raises(SystemExit, match=r"error: gone\.mp4"):
        stream("gone.mp4", url="http://127.0.0.1:9")


def test_a_video_is_streamed_and_saved_with_what_was_seen(url: str, tmp_path: Path, capsys: Captured) -> None:
    drive, out = video(tmp_path / "drive.mp4", RED, BLUE, BLUE, a_second=5), tmp_path / "out.mp4"
    stream(str(drive), url=url, deadline_ms=15_000, as_json=True, save=out, regions="[[4,4,60,44]]")
    said = capsys.readouterr()
    assert [label(line) for line in said.out.splitlines()] == ["red", "blue", "blue"]
    assert said.err.startswith("3 frames: 3 answered; latency p50 ")
    saved = cv2.VideoCapture(str(out))
    frames = [saved.read()[1] for _ in range(int(saved.get(cv2.CAP_PROP_FRAME_COUNT)))]
    assert len(frames) == 3
    assert saved.get(cv2.CAP_PROP_FPS) == pytest.approx(5, rel=0.1)
    on_its_box, inside = frames[2][43, 30], frames[2][36, 50]
    assert on_its_box[1] > 100 > inside[1]  # the box is green, the picture blue


def test_ctrl_c_ends_in_a_summary(url: str, capsys: Captured) -> None:
    def driven() -> Iterator[CameraFrame]:
        yield CameraFrame(encoded(striped(RED)), "1")
        os.kill(os.getpid(), signal.SIGINT)
        threading.Event().wait(0.2)  # a camera that goes on
        yield CameraFrame(encoded(striped(RED)), "2")

    watch(driven(), url, None, {}, as_json=True, save=None)
    assert "frames" in capsys.readouterr().err


def test_a_drive_is_replayed_and_its_ids_are_the_recorded_times(url: str, tmp_path: Path, capsys: Captured) -> None:
    drive = mcap(tmp_path / "drive.mcap", RED, GREEN, BLUE)
    replay(drive, url=url, rate=0.5, deadline_ms=15_000, as_json=True, topic=["/front"])
    lines = capsys.readouterr().out.splitlines()
    assert [label(line) for line in lines] == ["red", "green", "blue"]
    frames = [json.loads(line)["frame"] for line in lines]
    assert [frame["id"] for frame in frames] == [str(BEGAN_NS + number * 100_000_000) for number in range(3)]
    assert {frame["camera"] for frame in frames} == {"/front"}
    assert frames[2]["captured_ns"] - frames[0]["captured_ns"] == 400_000_000
    replay(drive, url=url, rate=20)
    shown = capsys.readouterr().out
    assert "/front" in shown
    assert "3 frames" in shown


def test_frames_come_when_they_are_due_and_are_taken_then() -> None:
    recorded = [CameraFrame(b"", str(at), captured_ns=at) for at in (500, 100, 2_000_500)] + [CameraFrame(b"")]
    first, early, later, timeless = paced(recorded, rate=2)
    assert first.captured_ns == early.captured_ns == timeless.captured_ns
    assert later.captured_ns == (first.captured_ns or 0) + 1_000_000
    assert [frame.id for frame in (first, early, later)] == ["500", "100", "2000500"]


def test_a_summary_counts_everything_and_measures_what_was_answered() -> None:
    answer, frame = Answer(Frame(None, None, None, 1, 1), (), {}), CameraFrame(b"")
    summary = Summary()
    assert str(summary) == "0 frames"
    for number in range(200):
        summary.add(Seen(frame, answer, number + 1))
    for outcome in (Superseded(), Superseded(), UnknownTask(404, "unknown_task", "no"), Unreachable("gone")):
        summary.add(Seen(frame, outcome, math.inf))
    assert summary.percentiles_ms() == {50: 100, 90: 180, 99: 198}
    assert str(summary).startswith("204 frames: 200 answered, 2 superseded, 1 unknown_task, 1 unreachable; latency p50")


@pytest.mark.parametrize("raw", [
    RawFrame.of(striped(RED), "rgb"),
    RawFrame.of(striped(RED)[..., ::-1], "bgr"),
    RawFrame(b"".join(bytes(row) + b"pad" for row in striped(RED).reshape(40, -1)), "rgb", 40, 40, 123),
], ids=["rgb", "bgr", "padded"])  # fmt: skip
def test_whatever_a_frame_is_it_can_be_drawn_on(raw: RawFrame) -> None:
    assert (bgr(raw) == striped(RED)[..., ::-1]).all()
    assert (bgr(encoded(striped(RED))) == striped(RED)[..., ::-1]).all()
    assert not bgr(b"no picture").any()
    assert not bgr(RawFrame(b"123", "bgr", 40, 40)).any()
