"""The models that the repository ships, through the real service and the real client."""

import csv
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from conftest import ROOT
from roadsight_client import Client
from roadsight_models import scene
from roadsight_models.draw import encode
from roadsight_models.frame import decode
from roadsight_service.settings import Settings
from running import serve


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with serve(Settings(bundles=ROOT / "models" / "bundles", provider="cpu")) as url, Client(url) as client:
        yield client


def first(client: Client, frame: bytes, boxes: list[tuple[float, ...]], task: str = "traffic_sign") -> list[str]:
    answer = client.classify(frame, boxes, tasks=[task], top=1, deadline_ms=30_000)
    return [region.results[0].predictions[0].label for region in answer.regions]


def test_drawn_signs_are_named_rightly_though_training_saw_only_photographs(client: Client) -> None:
    right, seen = Counter[str](), Counter[str]()
    for seed in range(60):
        drawn = scene.draw(seed, signs=8, side=(32, 128))
        for sign, label in zip(drawn.signs, first(client, encode(drawn), [s.box for s in drawn.signs]), strict=True):
            seen[sign.label] += 1
            right[sign.label] += sign.label == label
    assert len(seen) >= 16
    weak = {label: f"{right[label]}/{seen[label]}" for label in seen if right[label] < 0.5 * seen[label]}
    assert right.total() / seen.total() >= 0.8, f"{right.total()}/{seen.total()}, weak: {weak}"
    assert not weak


@pytest.mark.data
def test_held_out_photographs_are_named_rightly_through_http(client: Client, data_root: Path) -> None:
    models = httpx.get(f"{client.url}/v1/models").json()["models"]
    (labels,) = (model["labels"] for model in models if model["task"] == "traffic_sign")
    with (data_root / "gtsrb" / "gtsrb.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "test" and row["kind"] == "roi"][::61]
    right = 0
    with zipfile.ZipFile(data_root / "gtsrb" / "images.zip") as pictures:
        for row in rows:
            box = tuple(float(row[f"roi_{side}"]) for side in ("x1", "y1", "x2", "y2"))
            right += first(client, pictures.read(row["path"]), [box]) == [labels[int(row["class_id"])]]
    assert len(rows) > 200
    assert right / len(rows) >= 0.99


@pytest.mark.data
def test_stop_signs_in_real_camera_frames_are_found_to_be_stop_signs(client: Client, data_root: Path) -> None:
    with (data_root / "frames" / "boxes.csv").open() as file:
        stops = [row for row in csv.DictReader(file) if row["label"] == "stop"]
    with zipfile.ZipFile(data_root / "frames" / "images.zip") as pictures:
        names = [
            first(client, pictures.read(row["path"]), [tuple(float(row[side]) for side in ("x1", "y1", "x2", "y2"))])[0]
            for row in stops
        ]
    assert names.count("stop") >= 0.8 * len(names), names


@pytest.mark.data
def test_held_out_road_objects_are_named_rightly_through_http(client: Client, data_root: Path) -> None:
    with (data_root / "road_objects" / "road_objects.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "test"][::4]
    right = 0
    with zipfile.ZipFile(data_root / "road_objects" / "images.zip") as pictures:
        for row in rows:
            box = tuple(float(row[f"box_{side}"]) for side in ("x1", "y1", "x2", "y2"))
            right += first(client, pictures.read(row["path"]), [box], "road_object") == [row["label"]]
    assert len(rows) > 200
    assert right / len(rows) >= 0.9


def test_who_names_no_task_is_told_both_sign_and_object(client: Client) -> None:
    drawn = scene.draw(3, signs=1)
    (region,) = client.classify(encode(drawn), [drawn.signs[0].box], deadline_ms=30_000).regions
    assert [result.task for result in region.results] == ["road_object", "traffic_sign"]
    assert all(result.predictions for result in region.results)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("ctrl_c", [True, False], ids=["Ctrl-C", "SIGTERM to the demo alone"])
def test_the_demo_shows_answers_serves_on_and_ends_with_its_service(ctrl_c: bool) -> None:
    port, shown = free_port(), ""
    with subprocess.Popen(
        [sys.executable, "-m", "roadsight_models", "demo", "--port", str(port)],
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "80", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as demo:
        giving_up = threading.Timer(90, lambda: os.killpg(demo.pid, signal.SIGKILL))
        giving_up.start()
        try:
            assert demo.stdout is not None
            for line in demo.stdout:
                shown += line
                if "Serving on" in line:
                    break
            assert httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
            if ctrl_c:  # a terminal sends it to everybody in the foreground
                os.killpg(demo.pid, signal.SIGINT)
            else:
                demo.terminate()
            assert demo.wait(30) == 0
        finally:
            giving_up.cancel()
    assert shown.count("scene-") == 3
    assert re.search(r"0\.9\d{3} \w+", shown)
    assert "decode" in shown and "inference" in shown
    assert "\N{HORIZONTAL ELLIPSIS}" not in shown, "a name was cut short"
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/livez")


def test_the_demo_says_so_when_its_port_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = subprocess.run(
            [sys.executable, "-m", "roadsight_models", "demo", "--port", str(taken.getsockname()[1])],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
    assert done.returncode != 0
    assert "can't be had" in done.stderr
    assert "scene-" not in done.stdout


def test_draw_writes_a_frame_and_prints_its_boxes(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "roadsight_models", "draw", str(tmp_path / "a.jpg"), "--label", "stop"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    boxes, labels = done.stdout.splitlines()
    assert labels == "stop stop stop"
    assert boxes.startswith("[[")
    drawn = decode((tmp_path / "a.jpg").read_bytes())
    assert (drawn.width, drawn.height) == (1280, 720)
