"""Images of ROS 2, as a node is given them and as a recording has them. Needs no package.

sensor_msgs/msg/CompressedImage --frame--> CameraFrame
sensor_msgs/msg/Image                      ValueError: an encoding that is no picture of 8 bits
"""

from typing import Any

from roadsight_client.frames import CameraFrame
from roadsight_client.raw import Format, RawFrame

_FORMATS: dict[str, Format] = {"bgr8": "bgr", "rgb8": "rgb", "bgra8": "bgra", "mono8": "gray"}


def frame(message: Any, camera: str | None = None) -> CameraFrame:
    """Copies a message; its id is the time in its header, in nanoseconds.

    Args:
        message: a CompressedImage of JPEG or PNG; or an Image in bgr8, rgb8, bgra8 or mono8, whatever its `step`.
        camera: the `frame_id` of its header if None.

    Raises:
        ValueError: an Image in another encoding, or depth.
    """
    stamp = message.header.stamp
    taken_ns = stamp.sec * 1_000_000_000 + stamp.nanosec
    return CameraFrame(_picture(message), str(taken_ns), camera or message.header.frame_id, taken_ns)


def _picture(message: Any) -> bytes | RawFrame:
    data = bytes(message.data)
    if hasattr(message, "encoding"):
        if message.encoding not in _FORMATS:
            raise ValueError(f"encoding {message.encoding!r}; there are: {', '.join(_FORMATS)}")
        return RawFrame(data, _FORMATS[message.encoding], message.width, message.height, message.step)
    if "compressedDepth" in message.format:
        raise ValueError(f"format {message.format!r} is depth, no picture")
    return data
