import numpy as np
import pytest

from roadsight_models.frame import Pixels
from roadsight_training.sheet import contact_sheet

RED, BLUE = (255, 0, 0), (0, 0, 255)


def plain(colour: tuple[int, int, int], height: int = 20, width: int = 20) -> Pixels:
    return np.full((height, width, 3), colour, np.uint8)


def area(sheet: Pixels, colour: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """x1, y1, x2, y2 of everything in this colour."""
    y, x = np.nonzero((sheet == colour).all(axis=2))
    return int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1


def test_tiles_of_any_size_keep_their_shape_and_fill_their_square() -> None:
    sheet = contact_sheet([plain(RED, 10, 30), plain(BLUE, 300, 100)], ["flat", "tall"], side=60)
    x1, y1, x2, y2 = area(sheet, RED)
    assert (x2 - x1, y2 - y1) == (60, 20)
    x1, y1, x2, y2 = area(sheet, BLUE)
    assert (x2 - x1, y2 - y1) == (20, 60)


def test_a_new_row_begins_when_the_columns_are_full() -> None:
    sheet = contact_sheet([plain(RED), plain(RED), plain(BLUE)], ["", "", ""], columns=2)
    red, blue = area(sheet, RED), area(sheet, BLUE)
    assert blue[1] >= red[3]
    assert blue[0] == red[0]


def test_few_tiles_leave_no_empty_columns() -> None:
    assert contact_sheet([plain(RED)], ["x"]).shape[1] < contact_sheet([plain(RED)] * 2, ["x"] * 2).shape[1] < 300


def test_a_caption_stands_below_its_tile_and_keeps_to_its_column() -> None:
    captions = ["right_of_way_at_next_intersection", ""]
    sheet = contact_sheet([plain(RED), plain(BLUE)], captions, side=80)
    ink = np.argwhere(sheet.max(axis=2) < 128)
    assert len(ink) > 50
    assert ink[:, 0].min() >= area(sheet, RED)[3]
    assert ink[:, 1].max() < area(sheet, BLUE)[0]


def test_a_sheet_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="0 and 0"):
        contact_sheet([], [])
    with pytest.raises(ValueError, match="1 and 2"):
        contact_sheet([plain(RED)], ["a", "b"])
