"""How a frame looks, at the price of a thousand of its pixels: is the lens dirty, the sun in it, the camera stuck?

Frame --look--> Quality
"""

import zlib

import cv2

from roadsight_models.frame import Frame
from roadsight_service.quality import Quality

_PLACES = 48, 27  # where pixels are looked at, across and down


def look(frame: Frame) -> Quality:
    """Looks at pixels on a grid, and at the neighbour of each."""
    pixels = frame.pixels
    left, right = (pixels[:, :-1], pixels[:, 1:]) if pixels.shape[1] > 1 else (pixels, pixels)
    here, beside = (cv2.resize(side, _PLACES, interpolation=cv2.INTER_NEAREST) for side in (left, right))
    _, saturation, value, _ = cv2.mean(cv2.cvtColor(here, cv2.COLOR_RGB2HSV))
    difference = sum(cv2.mean(cv2.absdiff(here, beside))) / 3
    return Quality(value / 255, difference / 255, saturation / 255, frame.reduction, zlib.crc32(here.data))
