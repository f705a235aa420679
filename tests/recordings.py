"""Recorded drives, as tests write them: drawn pictures in folders, videos and bags."""

from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
from mcap_ros2.writer import Writer

from pictures import BLUE, GREEN, RED, encoded, striped
from roadsight_models.frame import Pixels

COLOURS = {"red": RED, "green": GREEN, "blue": BLUE}
START_NS = 1_777_000_000_123_456_789

_HEADER = """std_msgs/Header header
{fields}
================================================================================
MSG: std_msgs/Header
builtin_interfaces/Time stamp
string frame_id
================================================================================
MSG: builtin_interfaces/Time
int32 sec
uint32 nanosec
"""
COMPRESSED = _HEADER.format(fields="string format\nuint8[] data")
IMAGE = _HEADER.format(
    fields="uint32 height\nuint32 width\nstring encoding\nuint8 is_bigendian\nuint32 step\nuint8[] data"
)


def pictures(folder: Path, labels: Sequence[str]) -> list[Path]:
    """A PNG of each colour, numbered."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:04d}.png" for number in range(len(labels))]
    for path, label in zip(paths, labels, strict=True):
        path.write_bytes(encoded(striped(COLOURS[label])))
    return paths


def video(path: Path, frames: Sequence[Pixels], a_second: int = 10) -> None:
    """A video without loss, uint8 [H, W, 3] each."""
    with av.open(path, "w") as container:
        stream = container.add_stream("ffv1", rate=a_second)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "bgr0"
        for pixels in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())


Image = dict[str, object]  # the fields of a message, but its header


def bag(path: Path, messages: Sequence[tuple[str, bytes | Image]]) -> None:
    """A bag of ROS 2: of each topic files as CompressedImage, fields as Image; one a millisecond."""
    with path.open("wb") as file:
        writer = Writer(file)
        kinds = {
            bytes: writer.register_msgdef("sensor_msgs/msg/CompressedImage", COMPRESSED),
            dict: writer.register_msgdef("sensor_msgs/msg/Image", IMAGE),
        }
        text = writer.register_msgdef("std_msgs/msg/String", "string data")
        for number, (topic, picture) in enumerate(messages):
            at = START_NS + number * 1_000_000
            stamp = {"sec": at // 10**9, "nanosec": at % 10**9}
            header = {"stamp": stamp, "frame_id": "camera"}
            writer.write_message("/said", text, {"data": "not a picture"}, at)
            writer.write_message(topic, kinds[type(picture)], {"header": header} | _content(picture), at)
        writer.finish()


def image(pixels: Pixels, encoding: str = "bgr8") -> Image:
    """Pixels, uint8 [H, W, 3] RGB, as a camera's driver gives them; its rows are two pixels longer than the picture."""
    channels = {"rgb8": [0, 1, 2], "bgr8": [2, 1, 0], "bgra8": [2, 1, 0, 0], "mono8": [0]}[encoding]
    padded = np.pad(pixels[..., channels], ((0, 0), (0, 2), (0, 0)))
    size = {"height": len(pixels), "width": pixels.shape[1], "step": padded.shape[1] * len(channels)}
    return size | {"encoding": encoding, "is_bigendian": 0, "data": padded.tobytes()}


def _content(picture: bytes | Image) -> Image:
    return {"format": "png", "data": picture} if isinstance(picture, bytes) else picture
