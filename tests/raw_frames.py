"""Camera buffers that tests lay out, pixel by pixel, from RGB."""

import numpy as np
import numpy.typing as npt

from roadsight_models.frame import Pixels
from roadsight_models.raw_layout import MEDIA_TYPE

_ORDER = {"bgra": [2, 1, 0, 0], "bgr": [2, 1, 0], "rgb": [0, 1, 2], "gray": [0]}


def raw(pixels: Pixels, form: str, padding: int = 0) -> tuple[bytes, str]:
    """A buffer of an RGB picture and its content type; of gray its red, of nv12 its red as luma on neutral chroma."""
    height, width = pixels.shape[:2]
    if form == "nv12":
        neutral = np.full((height // 2, width), 128, np.uint8)
        rows: npt.NDArray[np.uint8] = np.concatenate([pixels[..., 0], neutral])
    else:
        rows = pixels[..., _ORDER[form]].reshape(height, -1)
    rows = np.pad(rows, ((0, 0), (0, padding)), constant_values=77)
    stride = f"; stride={rows.shape[1]}" if padding else ""
    return rows.tobytes(), f"{MEDIA_TYPE}; format={form}; width={width}; height={height}{stride}"
