"""Sources as they are found on the road: nameless cameras, odd folders, cameras that break."""

import threading
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from client.adapters.drives import compressed, image, message
from pictures import RED, striped
from roadsight_client import NoFrames, RawFrame
from roadsight_client.adapters import carla, folder, ros2, video
from roadsight_client.adapters.newest import Newest
from running import until

PIXELS = striped(RED)


def ros(frame_id: str, **changes: Any) -> Any:
    said = compressed(PIXELS, 0) | changes
    return message(said | {"header": said["header"] | {"frame_id": frame_id}})


@pytest.mark.parametrize(
    ("frame_id", "camera"),
    [("", None), (" ", None), ("front ", "front"), ("stra\u00dfe", r"stra\xdfe"), ("a" * 200, "a" * 128)],
)
def test_a_camera_of_ros_may_be_nameless_or_oddly_named(frame_id: str, camera: str | None) -> None:
    assert ros2.frame(ros(frame_id)).camera == camera
    assert ros2.frame(ros(frame_id), "rear").camera == "rear"


@pytest.mark.parametrize("encoding", ["", "BGR8", "rgb16", "yuv422", "bayer_rggb8", "32FC1"])
def test_an_encoding_that_is_no_picture_of_8_bits_names_those_that_are(encoding: str) -> None:
    with pytest.raises(ValueError, match="there are: bgr8, rgb8, bgra8, mono8"):
        ros2.frame(message(image(PIXELS, 0) | {"encoding": encoding}))


def test_what_only_looks_like_a_picture_in_a_folder_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "album.jpg").mkdir()
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere.png")
    with pytest.raises(NoFrames, match="no folder with pictures"):
        next(folder.frames(tmp_path))
    (tmp_path / "album.jpg" / "1.jpg").write_bytes(b"")
    (tmp_path / "linked.webp").symlink_to(tmp_path / "album.jpg" / "1.jpg")
    assert [frame.id for frame in folder.frames(tmp_path)] == ["album.jpg/1.jpg", "linked.webp"]


def test_a_path_that_is_too_long_for_an_id_keeps_its_end_and_no_space_before_it(tmp_path: Path) -> None:
    deep = tmp_path / ("long " * 20) / ("x " * 64)
    deep.mkdir(parents=True)
    (deep / " 1.jpg").write_bytes(b"")
    (frame,) = folder.frames(tmp_path)
    assert frame.id is not None and frame.id.endswith("x / 1.jpg")
    assert frame.id == frame.id.strip()


@pytest.mark.parametrize("url", ["rtsp://[::1/camera", "rtsp://", "http://user:secret@[::1/camera"])
def test_a_url_that_is_none_is_no_source_and_tells_no_password(url: str) -> None:
    with pytest.raises(NoFrames, match=r"^stream: can't be opened") as caught:
        next(video.frames(url))
    assert "secret" not in str(caught.value)


class Capture:
    """A camera that gives so many pictures, and then hangs up, or breaks."""

    def __init__(self, pictures: Sequence[Any]) -> None:
        self._left, self.released = list(pictures), 0

    def read(self) -> tuple[bool, Any]:
        """The next picture."""
        return (True, self._left.pop(0)) if self._left else (False, None)

    def release(self) -> None:
        """Counts."""
        self.released += 1


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # which says why, beside the end
@pytest.mark.parametrize(
    "broken", [[], [PIXELS.astype(np.uint16)], [PIXELS[..., 0]]], ids=["hangs-up", "depth", "gray"]
)
def test_a_camera_that_breaks_ends_its_loop_and_is_let_go(broken: list[Any]) -> None:
    capture = Capture([PIXELS, *broken, PIXELS] if broken else [PIXELS])
    with video._watched(capture, "front") as newest:  # type: ignore[arg-type]  # which is asked for no more
        assert {frame.camera for frame in newest} <= {"front"}
    until(lambda: not [thread for thread in threading.enumerate() if "watch" in thread.name])
    assert capture.released == 1


def test_a_loop_that_is_closed_ends_for_everybody() -> None:
    newest, ended = Newest(silence_s=60), []
    readers = [threading.Thread(target=lambda: ended.append(list(newest))) for _ in range(3)]
    for reader in readers:
        reader.start()
    newest.close()
    for reader in readers:
        reader.join(20)
    assert ended == [[], [], []]


@pytest.mark.parametrize("format", ["bgra", "bgr", "rgb", "gray", "nv12"])
@pytest.mark.parametrize("stride", [None, 64])
def test_a_raw_frame_says_how_it_lies(format: Any, stride: int | None) -> None:
    said = RawFrame(b"", format, 8, 6, stride).media_type
    tail = "" if stride is None else "; stride=64"
    assert said == f"application/x-raw-frame; format={format}; width=8; height=6{tail}"


def test_a_simulator_s_image_need_not_outlive_its_callback() -> None:
    buffer = bytearray(2 * 2 * 4)
    frame = carla.frame(SimpleNamespace(raw_data=buffer, width=2, height=2, frame=0, timestamp=0.0))
    buffer[:] = b"\xff" * len(buffer)
    assert isinstance(frame.picture, RawFrame)
    assert not any(frame.picture.data)
