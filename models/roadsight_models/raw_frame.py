"""A camera's buffer -> pixels. No file is decoded: rows lose their padding, channels take their order.

bytes + Layout --pixels_of--> uint8 [H, W, 3] RGB
               BadImage
"""

import cv2
import numpy as np
import numpy.typing as npt

from roadsight_models.errors import BadImage
from roadsight_models.raw_layout import FORMATS, Layout

# NV12 is read as OpenCV reads it: ITU-R BT.601, limited range (luma 16 to 235), chroma of a pair for its four pixels.
_TO_RGB = {
    "bgra": cv2.COLOR_BGRA2RGB,
    "bgr": cv2.COLOR_BGR2RGB,
    "gray": cv2.COLOR_GRAY2RGB,
    "nv12": cv2.COLOR_YUV2RGB_NV12,
}


def pixels_of(body: bytes, layout: Layout) -> npt.NDArray[np.uint8]:
    """The pixels of a buffer.

    Returns:
        uint8 [H, W, 3] RGB; of the format `rgb` the buffer itself, where it lies.

    Raises:
        BadImage: the buffer is not exactly as long as its layout says.
    """
    if len(body) != layout.size:
        expected = f"{layout.rows} rows of {layout.stride} bytes, {layout.size} in all"
        raise BadImage(f"{layout.format} of {layout.width} x {layout.height} has {expected}; {len(body)} came")
    channels = FORMATS[layout.format]
    rows = np.frombuffer(body, np.uint8).reshape(layout.rows, layout.stride)[:, : layout.width * channels]
    pixels = rows.reshape(layout.rows, layout.width, channels)
    if layout.format == "rgb":
        return pixels
    return cv2.cvtColor(pixels, _TO_RGB[layout.format]).astype(np.uint8, copy=False)
