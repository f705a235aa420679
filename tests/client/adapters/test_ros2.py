"""Images of ROS 2, from a node and from a recording that is really written and read."""

from array import array
from pathlib import Path

import pytest

from client.adapters.drives import BEGAN_NS, compressed, image, mcap, message
from pictures import BLUE, GREEN, RED, striped
from roadsight_client import NoFrames, RawFrame
from roadsight_client.adapters import ros2
from roadsight_client.adapters.mcap import frames

PIXELS = striped(RED, BLUE)


def test_a_message_of_a_node_is_a_frame_with_its_stamp() -> None:
    said = message(compressed(PIXELS, 3))
    said.data = array("B", said.data)  # as rclpy has it
    frame = ros2.frame(said, "front")
    assert (frame.id, frame.camera, frame.captured_ns) == (str(BEGAN_NS + 300_000_000), "front", BEGAN_NS + 300_000_000)
    assert isinstance(frame.picture, bytes)
    assert frame.picture.startswith(b"\xff\xd8")
    assert ros2.frame(said).camera == "camera_link"


def test_an_image_keeps_its_layout() -> None:
    said = image(PIXELS, 0, padding=5)
    assert ros2.frame(message(said)).picture == RawFrame(said["data"], "bgr", 80, 40, 245)


def test_what_is_no_picture_of_8_bits_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="16UC1"):
        ros2.frame(message(image(PIXELS, 0) | {"encoding": "16UC1"}))
    with pytest.raises(ValueError, match="depth"):
        ros2.frame(message(compressed(PIXELS, 0) | {"format": "16UC1; compressedDepth png"}))


@pytest.mark.parametrize("kind", ["CompressedImage", "Image"])
def test_a_recording_is_read_in_order(tmp_path: Path, kind: str) -> None:
    path = mcap(tmp_path / "drive.mcap", RED, GREEN, BLUE, kind=kind)
    read = list(frames(path))
    assert [frame.captured_ns for frame in read] == [BEGAN_NS + number * 100_000_000 for number in range(3)]
    assert {frame.camera for frame in read} == {"/front"}
    assert len({str(frame.picture) for frame in read}) == 3
    assert list(frames(path, ["/front"])) == read


def test_a_recording_that_was_cut_off_or_damaged_says_so(tmp_path: Path) -> None:
    path = mcap(tmp_path / "drive.mcap", *[RED, GREEN, BLUE] * 5)
    whole = path.read_bytes()
    damaged = whole[: len(whole) // 4] + bytes(range(256)) + whole[len(whole) // 4 + 256 :]
    for content in (whole[:-200], damaged, b"no MCAP", b""):
        path.write_bytes(content)
        with pytest.raises(NoFrames, match=r"drive\.mcap: .*mcap recover"):
            list(frames(path))


def test_a_recording_without_images_says_so(tmp_path: Path) -> None:
    with pytest.raises(NoFrames, match="/rear"):
        next(frames(mcap(tmp_path / "drive.mcap", RED), ["/rear"]))
    with pytest.raises(NoFrames, match="any topic"):
        next(frames(mcap(tmp_path / "drive.mcap")))
    with pytest.raises(NoFrames, match=r"gone\.mcap"):
        next(frames(tmp_path / "gone.mcap"))
