"""The pixels of a frame, to draw on.

JPEG, PNG, WebP, RawFrame --bgr--> uint8 [H, W, 3] BGR
"""

import cv2
import numpy as np
import numpy.typing as npt

from roadsight_client.frames import Picture
from roadsight_client.raw import RawFrame

Pixels = npt.NDArray[np.uint8]
_CHANNELS = {"bgra": 4, "bgr": 3, "rgb": 3}
_CODES = {
    "rgb": cv2.COLOR_RGB2BGR,
    "bgra": cv2.COLOR_BGRA2BGR,
    "gray": cv2.COLOR_GRAY2BGR,
    "nv12": cv2.COLOR_YUV2BGR_NV12,
}


def bgr(picture: Picture) -> Pixels:
    """A copy of a frame's pixels; a small black picture, where it is none that can be read."""
    try:
        pixels = _unpacked(picture) if isinstance(picture, RawFrame) else _decoded(picture)
    except (ValueError, TypeError, cv2.error):
        pixels = None
    return np.zeros((48, 64, 3), np.uint8) if pixels is None else np.array(pixels, np.uint8)


def _decoded(picture: Picture) -> cv2.typing.MatLike | None:
    return cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)  # type: ignore[arg-type]  # else TypeError


def _unpacked(raw: RawFrame) -> cv2.typing.MatLike:
    channels = _CHANNELS.get(raw.format, 1)
    rows = np.frombuffer(raw.data, np.uint8).reshape(-1, raw.stride or raw.width * channels)
    pixels = np.ascontiguousarray(rows[:, : raw.width * channels]).reshape(len(rows), raw.width, channels)
    return cv2.cvtColor(pixels, _CODES[raw.format]) if raw.format in _CODES else pixels
