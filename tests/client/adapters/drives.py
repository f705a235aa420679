"""Drives that tests record: frames of one colour each, as videos and as MCAP files of ROS 2."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
from mcap_ros2.writer import Writer

from pictures import encoded, striped
from roadsight_models.frame import Pixels

HEADER = """
================================================================================
MSG: std_msgs/Header
builtin_interfaces/Time stamp
string frame_id
"""
COMPRESSED = "std_msgs/Header header\nstring format\nuint8[] data" + HEADER
_LAYOUT = "uint32 height\nuint32 width\nstring encoding\nuint8 is_bigendian\nuint32 step\nuint8[] data"
IMAGE = "std_msgs/Header header\n" + _LAYOUT + HEADER
BEGAN_NS = 1_714_810_800_000_000_000


def header(number: int, apart_ns: int = 100_000_000) -> dict[str, Any]:
    """Of the frame of this number; frames are 0.1 s apart."""
    sec, nanosec = divmod(BEGAN_NS + number * apart_ns, 1_000_000_000)
    return {"stamp": {"sec": sec, "nanosec": nanosec}, "frame_id": "camera_link"}


def compressed(pixels: Pixels, number: int) -> dict[str, Any]:
    """A sensor_msgs/msg/CompressedImage."""
    return {"header": header(number), "format": "rgb8; jpeg compressed bgr8", "data": encoded(pixels, ".jpg")}


def image(pixels: Pixels, number: int, padding: int = 0) -> dict[str, Any]:
    """A sensor_msgs/msg/Image in bgr8, each row behind it padded."""
    height, width = pixels.shape[:2]
    rows = b"".join(row[:, ::-1].tobytes() + bytes(padding) for row in pixels)
    return {
        "header": header(number), "height": height, "width": width, "encoding": "bgr8", "is_bigendian": 0,
        "step": width * 3 + padding, "data": rows,
    }  # fmt: skip


def mcap(path: Path, *colours: tuple[int, int, int], kind: str = "CompressedImage") -> Path:
    """Records a frame a colour on /front, and beside them what is no image."""
    make, definition = {"CompressedImage": (compressed, COMPRESSED), "Image": (image, IMAGE)}[kind]
    with path.open("wb") as file:
        writer = Writer(file)
        images = writer.register_msgdef(f"sensor_msgs/msg/{kind}", definition)
        words = writer.register_msgdef("std_msgs/msg/String", "string data")
        for number, colour in enumerate(colours):
            at = BEGAN_NS + number * 100_000_000
            writer.write_message("/chatter", words, {"data": "hello"}, at, at, number)
            writer.write_message("/front", images, make(striped(colour), number), at, at, number)
        writer.finish()
    return path


def video(path: Path, *colours: tuple[int, int, int], a_second: float = 10) -> Path:
    """Films a frame of 64 x 48 pixels a colour."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), a_second, (64, 48))
    assert writer.isOpened()
    for colour in colours:
        writer.write(striped(colour, width=64, height=48)[..., ::-1].copy())
    writer.release()
    return path


def message(fields: dict[str, Any]) -> Any:
    """A message as a node is given it: attributes all the way down."""
    made = {name: message(value) if isinstance(value, dict) else value for name, value in fields.items()}
    return SimpleNamespace(**made)
