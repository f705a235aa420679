"""CARLA's cameras: what `sensor.listen` calls back with, as a frame. Needs no package; CARLA brings its own.

carla.Image, BGRA --frame--> CameraFrame
"""

from time import time_ns
from typing import Any, Protocol

from roadsight_client.frames import CameraFrame
from roadsight_client.raw import RawFrame


class Image(Protocol):
    """What is asked of a `carla.Image`; `raw_data` are `height` rows of `width` pixels, 4 bytes each: BGRA."""

    @property
    def raw_data(self) -> Any:
        """A buffer that is the simulator's again once the callback has returned."""

    @property
    def width(self) -> int:
        """In pixels."""

    @property
    def height(self) -> int:
        """In pixels."""

    @property
    def frame(self) -> int:
        """The simulator's step."""


def frame(image: Image, camera: str | None = None) -> CameraFrame:
    """Copies an image; its id is the simulator's step.

    Its time is that of the call: `image.timestamp` counts seconds of an episode, which tell nobody an age.
    """
    pixels = RawFrame(bytes(image.raw_data), "bgra", image.width, image.height)
    return CameraFrame(pixels, str(image.frame), camera, time_ns())
