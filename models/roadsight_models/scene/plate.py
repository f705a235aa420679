"""One plate, straight on or as a camera beside the road sees it: label --paint--> master --warp--> RGBA cut-out."""

from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from roadsight_models.scene.ink import fill, paint, to_pixels
from roadsight_models.scene.signs import DRAWINGS

SMALLEST, LARGEST = 8, 1024  # pixels: below, no pictogram is left; above, a master would need too much memory
_KEPT = 512  # pixels: masters up to here, all labels together 45 MB, are painted once
_FINER = 4  # every plate is drawn this many times finer, then shrunk


def check_label(label: str) -> None:
    """Raises ValueError if `label` can't be drawn."""
    if label not in DRAWINGS:
        raise ValueError(f"no drawing for label {label!r}; drawable are {', '.join(DRAWINGS)}")


def check_side(side: int) -> None:
    """Raises ValueError if a plate of `side` pixels can't be drawn."""
    if not SMALLEST <= side <= LARGEST:
        raise ValueError(f"a sign of {side} px can't be drawn; {SMALLEST} to {LARGEST} px can")


@lru_cache(maxsize=4 * len(DRAWINGS))
def _kept(label: str, side: int) -> npt.NDArray[np.uint8]:
    return paint(DRAWINGS[label], side)


def _master(label: str, side: int) -> npt.NDArray[np.uint8]:
    """The plate straight on, uint8 [side, side, 3], to be read only: the small ones are kept and shared."""
    return _kept(label, side) if side <= _KEPT else paint(DRAWINGS[label], side)


def _shrunk(
    master: npt.NDArray[np.uint8], outline: npt.NDArray[np.float64], size: tuple[int, int]
) -> npt.NDArray[np.uint8]:
    """Cut the plate out along its outline and shrink it to `size` (width, height): uint8 RGBA."""
    alpha = np.zeros(master.shape[:2], np.uint8)
    fill(alpha, outline, 255)
    return np.asarray(cv2.resize(np.dstack((master, alpha)), size, interpolation=cv2.INTER_AREA), np.uint8)


def draw_sign(label: str, side: int) -> npt.NDArray[np.uint8]:
    """Draw one plate straight on, without background.

    Args:
        label: one of DRAWABLE.
        side: 8 to 1024 pixels.

    Returns:
        uint8 [side, side, 4] RGBA; alpha is 0 beyond the plate and is not multiplied into the colours.

    Raises:
        ValueError: unknown label, or a side out of bounds.
    """
    check_label(label)
    check_side(side)
    fine = side * _FINER
    return _shrunk(_master(label, fine), to_pixels(DRAWINGS[label][0].points, fine), (side, side))


def _view(yaw: float, pitch: float, roll: float, distance: float) -> npt.NDArray[np.float64]:
    """Homography [3, 3] of a plate turned by three angles (radians), seen from `distance` half plates away."""
    (sy, cy), (sp, cp), (sr, cr) = ((np.sin(a), np.cos(a)) for a in (yaw, pitch, roll))
    turn_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    turn_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    turn_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    pose = turn_y @ turn_x @ turn_z
    return np.column_stack((pose[:, 0], pose[:, 1], (0, 0, distance)))


def seen(label: str, side: int, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """A plate under a mild random perspective.

    Returns:
        uint8 [h, w, 4] RGBA whose longer side is exactly `side`; the plate touches all four sides.
    """
    yaw, pitch, roll = rng.uniform((-0.45, -0.12, -0.07), (0.45, 0.12, 0.07))
    view = _view(yaw, pitch, roll, distance=rng.uniform(5, 14))
    outline = np.array(DRAWINGS[label][0].points)
    projected = cv2.perspectiveTransform(outline[None], view)[0]
    low, high = projected.min(0), projected.max(0)
    scale = side * _FINER / (high - low).max()
    width, height = (max(1, round(extent * scale / _FINER)) for extent in high - low)
    # Width and height are stretched apart by less than half a pixel, so that the box is exact.
    stretch = np.array((width, height)) * _FINER / (high - low)
    fit = np.array([[stretch[0], 0, -low[0] * stretch[0]], [0, stretch[1], -low[1] * stretch[1]], [0, 0, 1]])
    master = _master(label, 1 << (side * _FINER - 1).bit_length())
    from_master = np.array([[2 / len(master), 0, -1], [0, 2 / len(master), -1], [0, 0, 1]])
    # OpenCV counts from pixel centres, the drawing from pixel corners.
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    matrix = np.linalg.inv(half) @ fit @ view @ from_master @ half
    warped = cv2.warpPerspective(
        master, matrix, (width * _FINER, height * _FINER), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return _shrunk(np.asarray(warped, np.uint8), (projected - low) * stretch, (width, height))
