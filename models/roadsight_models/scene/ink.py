"""Shapes and how they are painted: points --Ink--> drawing --paint--> RGB pixels.

Plate coordinates: x right, y down, origin at the plate's centre, the plate reaches from -1 to 1 along its longer side.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import cos, pi, sin

import cv2
import numpy as np
import numpy.typing as npt

Points = tuple[tuple[float, float], ...]
Colour = tuple[int, int, int]

# As a camera sees retroreflective sheeting, not as the standard prints it.
WHITE: Colour = (232, 234, 236)
RED: Colour = (178, 30, 40)
BLUE: Colour = (22, 78, 164)
YELLOW: Colour = (236, 172, 26)
GREEN: Colour = (10, 128, 96)
BLACK: Colour = (26, 26, 30)
GREY: Colour = (112, 114, 118)

_SHIFT = 4  # OpenCV takes sub-pixel coordinates as fixed point with this many bits


@dataclass(frozen=True)
class Ink:
    """One colour in one place: a filled polygon, or with `width` > 0 a stroke with round ends along the points."""

    colour: Colour
    points: Points
    width: float = 0.0


Drawing = tuple[Ink, ...]


def arc(x: float, y: float, rx: float, ry: float, start: float = 0.0, end: float = 360.0) -> Points:
    """Points on an ellipse about (x, y); angles in degrees, 0 is right and 90 is down."""
    steps = max(2, int(abs(end - start) / 6))
    angles = (pi / 180 * (start + (end - start) * i / steps) for i in range(steps + 1))
    return tuple((x + rx * cos(a), y + ry * sin(a)) for a in angles)


def disc(radius: float, x: float = 0.0, y: float = 0.0) -> Points:
    """A full circle."""
    return arc(x, y, radius, radius)


def box(x1: float, y1: float, x2: float, y2: float) -> Points:
    """An upright rectangle."""
    return ((x1, y1), (x2, y1), (x2, y2), (x1, y2))


def rounded(corners: Points, radius: float) -> Points:
    """The convex polygon that a disc of `radius` covers when its centre walks round `corners`."""
    cloud = np.array([p for x, y in corners for p in disc(radius, x, y)], np.float32)
    hull = cv2.convexHull(cloud).reshape(-1, 2)
    return tuple((float(x), float(y)) for x, y in hull)


def mirrored(inks: Drawing) -> Drawing:
    """The drawing with left and right exchanged."""
    return tuple(replace(ink, points=tuple((-x, y) for x, y in ink.points)) for ink in inks)


def moved(lines: Iterable[Points], x: float, y: float, scale_x: float, scale_y: float) -> tuple[Points, ...]:
    """The lines scaled about the origin, then shifted to (x, y)."""
    return tuple(tuple((x + scale_x * px, y + scale_y * py) for px, py in line) for line in lines)


def to_pixels(points: Points, side: int) -> npt.NDArray[np.float64]:
    """Plate coordinates -> float64 [N, 2] pixel coordinates of a square of `side` pixels, origin at its corner."""
    return (np.array(points) + 1) * (side / 2)


def fixed(pixels: npt.NDArray[np.float64]) -> npt.NDArray[np.int32]:
    """Pixel coordinates [N, 2] (origin at the corner) -> OpenCV's fixed point (origin at a pixel's centre)."""
    return np.round((pixels - 0.5) * (1 << _SHIFT)).astype(np.int32)


def fill(canvas: npt.NDArray[np.uint8], pixels: npt.NDArray[np.float64], colour: Colour | int) -> None:
    """Fill the polygon [N, 2] in place, antialiased."""
    tone = (colour,) if isinstance(colour, int) else colour
    cv2.fillPoly(canvas, [fixed(pixels)], tone, cv2.LINE_AA, _SHIFT)


def paint(inks: Drawing, side: int) -> npt.NDArray[np.uint8]:
    """Paint a drawing whose first ink is the plate; beyond the plate its colour goes on, so edges can't fringe.

    Returns:
        uint8 [side, side, 3] RGB.
    """
    plate, *rest = inks
    canvas = np.full((side, side, 3), plate.colour, np.uint8)
    for ink in rest:
        pixels = to_pixels(ink.points, side)
        if ink.width:
            thickness = max(1, round(ink.width * side / 2))
            cv2.polylines(canvas, [fixed(pixels)], False, ink.colour, thickness, cv2.LINE_AA, _SHIFT)
        else:
            fill(canvas, pixels, ink.colour)
    return canvas
