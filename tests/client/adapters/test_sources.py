"""Simulators, videos, cameras on the network and folders, as sources of frames."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from client.adapters.drives import video as film
from pictures import BLUE, GREEN, RED, encoded, striped
from roadsight_client import CameraFrame, NoFrames, RawFrame
from roadsight_client.adapters import carla, folder, video
from roadsight_client.adapters.newest import Newest


def colour(frame: CameraFrame) -> str:
    raw = frame.picture
    assert isinstance(raw, RawFrame)
    blue_green_red = np.frombuffer(raw.data, np.uint8).reshape(raw.height, raw.width, 3).mean(axis=(0, 1))
    return "bgr"[blue_green_red.argmax()]


def test_an_image_of_carla_is_copied_with_its_step() -> None:
    bgra = np.dstack([striped(RED, BLUE)[..., ::-1], np.full((40, 80), 255, np.uint8)])
    image = SimpleNamespace(raw_data=memoryview(bgra.tobytes()), width=80, height=40, frame=4711, timestamp=1.5)
    frame = carla.frame(image, "front")
    assert frame.picture == RawFrame(bgra.tobytes(), "bgra", 80, 40)
    assert (frame.id, frame.camera) == ("4711", "front")


def test_a_video_gives_every_frame_as_far_apart_as_it_was_filmed(tmp_path: Path) -> None:
    frames = list(video.frames(film(tmp_path / "drive.mp4", RED, GREEN, BLUE)))
    assert [colour(frame) for frame in frames] == list("rgb")
    assert [(frame.id, frame.camera) for frame in frames] == [(str(number), "drive.mp4") for number in range(3)]
    times = [frame.captured_ns or 0 for frame in frames]
    assert np.diff(times) == pytest.approx(1e8, abs=1e6)


def test_frames_for_a_network_are_packed(tmp_path: Path) -> None:
    (frame,) = video.frames(film(tmp_path / "drive.mp4", RED), camera="front", jpeg=80)
    assert isinstance(frame.picture, bytes)
    assert frame.picture.startswith(b"\xff\xd8")
    assert frame.camera == "front"


@contextmanager
def network_camera(frames: int) -> Iterator[str]:
    """A camera that sends JPEGs over HTTP, as OpenCV fetches them; gives its URL, with a password in it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=next")
            self.end_headers()
            for number in range(frames):
                jpeg = encoded(striped((RED, GREEN, BLUE)[number % 3], width=64, height=48), ".jpg")
                part = f"--next\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n".encode()
                self.wfile.write(part + jpeg + b"\r\n")

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://user:secret@127.0.0.1:{server.server_port}/camera.mjpeg"
        finally:
            server.shutdown()
            thread.join(10)


def test_a_camera_on_the_network_is_fetched_by_this_side_and_keeps_its_password() -> None:
    with network_camera(30) as url:
        frames = list(video.frames(url))
    assert frames
    assert {frame.camera for frame in frames} == {"127.0.0.1"}
    numbers = [int(frame.id or -1) for frame in frames]
    assert numbers == sorted(set(numbers))  # some may be missing, none is old
    assert numbers[-1] == 29


def test_what_is_no_video_says_so(tmp_path: Path) -> None:
    (tmp_path / "notes.mp4").write_text("no video")
    for source in (tmp_path / "notes.mp4", tmp_path / "gone.mp4", 97, "http://user:secret@127.0.0.1:9/camera"):
        with pytest.raises(NoFrames) as caught:
            next(video.frames(source))
        assert "secret" not in str(caught.value)


def test_a_folder_is_read_in_the_order_of_names(tmp_path: Path) -> None:
    (tmp_path / "left").mkdir()
    for name in ("left/2.jpg", "left/1.PNG", "9.webp", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    read = list(folder.frames(tmp_path, "front"))
    assert [frame.id for frame in read] == ["9.webp", "left/1.PNG", "left/2.jpg"]
    assert {frame.camera for frame in read} == {"front"}
    for empty in (tmp_path / "gone", tmp_path / "notes.txt"):
        with pytest.raises(NoFrames):
            next(folder.frames(empty))


def test_a_loop_that_is_slower_than_the_camera_sees_the_newest_frame() -> None:
    newest = Newest(silence_s=10)
    taken = iter(newest)
    for number in range(3):
        newest.put(CameraFrame(b"", str(number)))
    assert next(taken).id == "2"
    assert newest.replaced == 2
    newest.put(CameraFrame(b"", "3"))
    newest.close()
    assert [frame.id for frame in taken] == ["3"]


def test_a_callback_wakes_the_loop() -> None:
    newest = Newest(silence_s=10)
    threading.Timer(0.05, newest.put, [CameraFrame(b"", "1")]).start()
    assert next(iter(newest)).id == "1"


def test_a_camera_that_is_silent_is_given_up() -> None:
    with pytest.raises(NoFrames, match=r"silent for 0\.05 s"):
        next(iter(Newest(silence_s=0.05)))
