"""The camera of docker-compose.yml: it posts, it counts, and nothing but a stop stops it."""

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

import colours
from roadsight_service.drive import REPORT_FRAMES, drive
from roadsight_service.settings import Settings
from running import metric, serve


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def test_a_drive_posts_frames_as_one_camera_and_tells_what_came_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    colours.save(tmp_path)
    with serve(Settings(bundles=tmp_path, provider="cpu")) as url:
        drive(url, a_second=100, frames=REPORT_FRAMES + 1)
        assert metric(url, "roadsight_predictions_total") == 3 * (REPORT_FRAMES + 1)  # three signs in a frame
    assert capsys.readouterr().out.splitlines() == ["20 frames: 20 answered", "21 frames: 21 answered"]


def test_what_is_refused_is_counted_by_its_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    colours.save(tmp_path)
    with serve(Settings(bundles=tmp_path, provider="cpu", max_pixels=1000)) as url:
        drive(url, a_second=100, frames=2)
    assert capsys.readouterr().out == "2 frames: 2 too_large\n"


def test_a_service_that_is_away_is_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    drive(f"http://127.0.0.1:{port}", a_second=100, frames=2)
    assert capsys.readouterr().out == "2 frames: 2 unreachable\n"
