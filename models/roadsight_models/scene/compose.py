"""A whole scene: seed --landscape--> road --place--> plates on poles --photographed--> pixels, boxes, labels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from roadsight_models.scene.camera import light, photographed
from roadsight_models.scene.plate import check_label, check_side, seen
from roadsight_models.scene.road import landscape, post
from roadsight_models.scene.signs import DRAWABLE

Box = tuple[int, int, int, int]

_SMALLEST = 16  # pixels: a road needs some room
_GAP = 4  # pixels between two signs, and between a sign and the picture's edge


@dataclass(frozen=True)
class Sign:
    """A sign in a scene: `label` is one of DRAWABLE; `box` is tight: x1, y1, x2, y2 in pixels, half-open."""

    label: str
    box: Box


@dataclass(frozen=True)
class Scene:
    """A picture, uint8 [H, W, 3] RGB, and every sign in it."""

    pixels: npt.NDArray[np.uint8]
    signs: tuple[Sign, ...]


def _check(width: int, height: int, signs: int, side: tuple[int, int], labels: Sequence[str]) -> tuple[int, int]:
    """Check the arguments of `draw`; returns the columns and rows of cells that hold one sign each."""
    if side[0] > side[1]:
        raise ValueError(f"side {side}: the smallest is larger than the largest")
    for bound in side:
        check_side(bound)
    for label in labels:
        check_label(label)
    if signs < 0 or (signs and not labels):
        raise ValueError(f"{signs} signs of {len(labels)} labels can't be drawn")
    columns, rows = width // (side[1] + _GAP), height // (side[1] + _GAP)
    if min(width, height) < _SMALLEST or columns * rows < signs:
        raise ValueError(f"a picture of {width}x{height} px is too small for {signs} signs of up to {side[1]} px")
    return columns, rows


def _cells(rng: np.random.Generator, width: int, height: int, grid: tuple[int, int], signs: int) -> list[Box]:
    """Choose cells of the grid (columns, rows), none twice; rather above the horizon and beside the road."""
    columns, rows = grid
    across, down = ((np.arange(n) + 0.5) / n for n in grid)
    wish = (np.exp(-((down[:, None] - 0.38) ** 2) / 0.03) * (0.2 + abs(across - 0.5)) + 1e-4).ravel()
    chosen = rng.choice(wish.size, signs, replace=False, p=wish / wish.sum()).tolist() if signs else []
    return [
        (x * width // columns, y * height // rows, (x + 1) * width // columns, (y + 1) * height // rows)
        for y, x in (divmod(cell, columns) for cell in chosen)
    ]


def _within(rng: np.random.Generator, cell: Box, plate: npt.NDArray[np.uint8]) -> Box:
    """A place in the cell for the plate [h, w, 4], half a gap from the cell's edges."""
    h, w = plate.shape[:2]
    x = int(rng.integers(cell[0] + _GAP // 2, cell[2] - _GAP // 2 - w + 1))
    y = int(rng.integers(cell[1] + _GAP // 2, cell[3] - _GAP // 2 - h + 1))
    return x, y, x + w, y + h


def _blend(picture: npt.NDArray[np.uint8], plate: npt.NDArray[np.uint8], box: Box, shade: float) -> None:
    """Put the plate [h, w, 4] into its box, in place."""
    x1, y1, x2, y2 = box
    alpha = plate[..., 3:].astype(np.float32) / 255
    ground = picture[y1:y2, x1:x2]
    mixed = ground * (1 - alpha) + np.minimum(plate[..., :3] * np.float32(shade), 255) * alpha
    picture[y1:y2, x1:x2] = mixed.round().astype(np.uint8)


def draw(
    seed: int,
    width: int = 1280,
    height: int = 720,
    signs: int = 4,
    side: tuple[int, int] = (32, 128),
    labels: Sequence[str] = DRAWABLE,
) -> Scene:
    """Draw a road with signs; the same arguments give the same pixels.

    Args:
        seed: not negative.
        width: of the picture, in pixels.
        height: of the picture, in pixels.
        signs: how many; they never overlap and lie wholly inside.
        side: bounds of the longer side of a sign's box, in pixels, both included, 8 to 1024.
        labels: to choose from, each as likely.

    Raises:
        ValueError: unknown label, bounds that make no sense, or a picture too small for so many such signs.
    """
    grid = _check(width, height, signs, side, labels)
    rng = np.random.default_rng(seed)
    picture, horizon = landscape(rng, height, width)
    placed: list[tuple[Sign, npt.NDArray[np.uint8]]] = []
    for cell in _cells(rng, width, height, grid, signs):
        label = labels[int(rng.integers(len(labels)))]
        plate = seen(label, int(np.exp(rng.uniform(np.log(side[0]), np.log(side[1] + 0.99)))), rng)
        placed.append((Sign(label, _within(rng, cell, plate)), plate))
    for sign, _ in placed:
        post(picture, sign.box, horizon)
    for sign, plate in placed:  # after all posts, so that none stands before a plate
        _blend(picture, plate, sign.box, rng.uniform(0.6, 1.05))
    return Scene(photographed(picture, light(rng), rng), tuple(sign for sign, _ in placed))
