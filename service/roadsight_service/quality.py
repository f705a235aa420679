"""How a frame looks, as a lane says it and the metrics take it. `look` is who looks."""

from typing import NamedTuple


class Quality(NamedTuple):
    """How a frame looks."""

    brightness: float  # 0 black to 1
    sharpness: float  # difference of neighbouring pixels, 0 none to 1
    saturation: float  # of colour, 0 grey to 1
    reduction: int  # 1, 2, 4 or 8: of the decode that it was seen in
    fingerprint: int  # equal in equal pictures
