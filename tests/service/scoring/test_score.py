"""Recorded drives in, Parquet out: every frame once, judged as the service judges it."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import colours
from pictures import BLUE, GREEN, RED, encoded, noise, striped
from recordings import START_NS, bag, image, pictures, video
from roadsight_models.errors import BadParameter
from roadsight_service.scoring.boxes import read_boxes
from roadsight_service.scoring.command import score
from roadsight_service.settings import Settings
from running import post, serve, until
from scored import labels, rows

PROGRAM = "import typer; from roadsight_service.scoring.command import score; typer.run(score)"


@pytest.fixture(autouse=True)
def bundles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    colours.save(tmp_path / "bundles")
    monkeypatch.setenv("ROADSIGHT_BUNDLES", str(tmp_path / "bundles"))
    return tmp_path / "bundles"


def program(frames: Path, out: Path, *more: str) -> "subprocess.Popen[bytes]":
    """The command in a process of its own."""
    paths = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "RAY_USAGE_STATS_ENABLED": "0"}
    paths["RAY_DEFAULT_OBJECT_STORE_MAX_MEMORY_BYTES"] = str(80 << 20)
    command = [sys.executable, "-c", PROGRAM, str(frames), "--out", str(out), *more]
    return subprocess.Popen(command, env=os.environ | paths, stdout=subprocess.DEVNULL)


def test_what_is_said_is_what_the_service_says(tmp_path: Path, bundles: Path) -> None:
    body = encoded(noise(64, 48))
    (tmp_path / "noise.png").write_bytes(body)
    (tmp_path / "boxes.csv").write_text(
        f"source,frame,x1,y1,x2,y2,track\n{tmp_path}/noise.png,0,0,0,20,20,7\n{tmp_path}/noise.png,0,30.5,1,70,40,\n"
    )
    score([tmp_path / "noise.png"], str(tmp_path / "out"), regions=tmp_path / "boxes.csv")
    with serve(Settings(bundles=bundles)) as url:
        answer = post(url, body=body, query='?regions=[{"box":[0,0,20,20],"track":"7"},[30.5,1,70,40]]').json()
    scored = rows(tmp_path / "out")
    assert [row["track"] for row in scored] == ["7", None]
    for row, region in zip(scored, answer["regions"], strict=True):
        (result,) = region["results"]
        best = result["predictions"][0]
        assert [row["x1"], row["y1"], row["x2"], row["y2"]] == region["box"]
        assert (row["task"], row["version"], row["status"]) == (result["task"], result["version"], result["status"])
        assert (row["label"], row["probability"]) == (best["label"], pytest.approx(best["probability"], abs=1e-6))
        assert (row["width"], row["height"]) == (64, 48)


def test_a_video_is_judged_frame_by_frame(tmp_path: Path) -> None:
    shown = [striped(colour, width=64, height=48) for colour in (RED, GREEN, BLUE) * 2]
    video(tmp_path / "drive.mkv", shown)
    score([tmp_path], str(tmp_path / "out"))
    assert labels(tmp_path / "out") == ["red", "green", "blue"] * 2
    assert [row["offset_ns"] for row in rows(tmp_path / "out")] == [n * 100_000_000 for n in range(6)]


def test_a_bag_is_judged_camera_by_camera_at_its_own_time(tmp_path: Path) -> None:
    bag(
        tmp_path / "drive.mcap",
        [("/left", encoded(striped(RED))), ("/right", image(striped(BLUE))), ("/left", encoded(striped(GREEN)))],
    )
    score([tmp_path / "drive.mcap"], str(tmp_path / "out"))
    scored = rows(tmp_path / "out")
    assert [(row["camera"], row["label"]) for row in scored] == [
        ("/left", "red"), ("/right", "blue"), ("/left", "green"),
    ]  # fmt: skip
    assert [row["captured_at"].value for row in scored] == [START_NS + n * 1_000_000 for n in range(3)]


def test_what_can_not_be_read_is_a_row_and_no_end(tmp_path: Path) -> None:
    drive = tmp_path / "drive"
    pictures(drive, ["red", "green"])
    (drive / "0000.png").write_bytes(b"no picture")
    (drive / "a.mp4").write_bytes(b"no video")
    (drive / "b.mcap").write_bytes(b"no bag")
    video(drive / "c.mkv", [striped(RED, width=64, height=48)] * 3)
    bag(drive / "d.mcap", [("/left", b"no picture"), ("/left", encoded(striped(BLUE)))])
    cut = (drive / "d.mcap").read_bytes()
    (drive / "e.mcap").write_bytes(cut[: len(cut) // 3])
    score([drive], str(tmp_path / "out"))
    said = {(Path(row["source"]).name, row["frame"]): row["label"] or row["reason"] for row in rows(tmp_path / "out")}
    assert said == {
        ("0000.png", 0): "bad_image",
        ("0001.png", 0): "green",
        ("a.mp4", 0): "bad_image",
        ("b.mcap", 0): "bad_image",
        **{("c.mkv", number): "red" for number in range(3)},
        ("d.mcap", 0): "bad_image",
        ("d.mcap", 1): "blue",
        ("e.mcap", 0): "bad_image",
        ("e.mcap", 1): "blue",
        ("e.mcap", 2): "bad_image",  # it breaks off
    }


def test_a_run_goes_on_with_what_is_new_and_does_nothing_twice(tmp_path: Path) -> None:
    drive, out = tmp_path / "drive", tmp_path / "out"
    pictures(drive, ["red", "green"])
    video(drive / "a.mkv", [striped(BLUE, width=64, height=48)] * 3)
    score([drive], str(out))
    written = {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}
    pictures(drive, ["red", "green", "blue"])
    score([drive], str(out))
    assert {path: path.stat().st_mtime_ns for path in written} == written
    assert Counter(labels(out)) == {"red": 1, "green": 1, "blue": 4}
    score([drive], str(out))
    assert len(rows(out)) == 6


def test_a_folder_takes_no_second_run_with_other_settings(tmp_path: Path, bundles: Path) -> None:
    pictures(tmp_path / "drive", ["red"])
    score([tmp_path / "drive"], str(tmp_path / "out"))
    colours.save(bundles, version="1.1.0")
    with pytest.raises(BadParameter, match=r"models was .*1\.0\.0.* now .*1\.1\.0"):
        score([tmp_path / "drive"], str(tmp_path / "out"))
    score([tmp_path / "drive"], str(tmp_path / "out"), models="colours@1.0.0")
    with pytest.raises(BadParameter, match="not of a run"):
        score([tmp_path / "drive"], str(tmp_path / "drive"))


def killed_half_way(drive: Path, out: Path) -> None:
    """Runs until some parts are there, not all."""
    process = program(drive, out)
    until(lambda: len(list(out.rglob("*.parquet"))) >= 2, 60)
    process.send_signal(signal.SIGKILL)
    assert process.wait(20) == -signal.SIGKILL


def test_a_run_that_is_killed_goes_on_and_has_every_frame_once(tmp_path: Path) -> None:
    drive, out = tmp_path / "drive", tmp_path / "out"
    drive.mkdir()
    shown = [striped(colour, width=320, height=240) for colour in (RED, GREEN, BLUE)]
    video(drive / "a.mkv", shown * 500)
    killed_half_way(drive, out)
    assert not list(out.rglob("_end.json"))
    score([drive], str(out))
    assert [(row["frame"], row["label"]) for row in rows(out)] == [
        (number, ("red", "green", "blue")[number % 3]) for number in range(1500)
    ]


def test_ray_writes_the_same_rows(tmp_path: Path) -> None:
    drive = tmp_path / "drive"
    pictures(drive, ["red", "green", "blue"])
    video(drive / "a.mkv", [striped(GREEN, width=64, height=48)] * 3)
    bag(drive / "b.mcap", [("/left", image(striped(BLUE)))])
    score([drive], str(tmp_path / "here"))
    with program(drive, tmp_path / "there", "--ray", "2") as process:
        assert process.wait(100) == 0
    assert rows(tmp_path / "there") == rows(tmp_path / "here")


BAD_BOXES = {
    "boxes.csv": {
        "source,frame,x1\n": "expected a first line",
        "source,frame,x1,y1,x2,y2\na.png,first,0,0,1,1\n": "line 2",
        "source,frame,x1,y1,x2,y2\na.png,0,9,0,1,1\n": "a.png, frame 0: region 0",
    },
    "boxes.json": {"{": "Expecting", "[]": "expected", '{"a.png": {"x": []}}': "invalid literal"},
}


def test_regions_that_can_not_be_read_are_refused_with_their_place(tmp_path: Path) -> None:
    for name, texts in BAD_BOXES.items():
        for text, why in texts.items():
            (tmp_path / name).write_text(text)
            with pytest.raises(BadParameter, match=why):
                read_boxes(tmp_path / name, 256)


def test_only_regions_that_a_file_names_are_judged_and_a_box_outside_is_no_end(tmp_path: Path) -> None:
    drive = tmp_path / "drive"
    first, second, third = pictures(drive, ["red", "green", "blue"])
    boxes = tmp_path / "boxes.json"
    boxes.write_text(json.dumps({str(first): {"0": [[0, 0, 20, 20]]}, str(second): {"0": [[99, 99, 120, 120]]}}))
    score([drive], str(tmp_path / "out"), regions=boxes)
    said = [(row["source"], row["status"], row["reason"]) for row in rows(tmp_path / "out")]
    assert said == [
        (str(first), "ok", None), (str(second), "unreadable", "bad_region"), (str(third), "unknown", "no_region"),
    ]  # fmt: skip


def test_regions_of_other_files_are_refused(tmp_path: Path) -> None:
    pictures(tmp_path / "drive", ["red"])
    (tmp_path / "boxes.json").write_text('{"elsewhere.png": {"0": [[0, 0, 20, 20]]}}')
    with pytest.raises(BadParameter, match=r"elsewhere\.png"):
        score([tmp_path / "drive"], str(tmp_path / "out"), regions=tmp_path / "boxes.json")


def test_frames_that_are_not_there_are_told_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no frame")
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "gone.png", tmp_path / "notes.txt", tmp_path / "empty"):
        with pytest.raises(BadParameter, match=path.name):
            score([path], str(tmp_path / "out"))
