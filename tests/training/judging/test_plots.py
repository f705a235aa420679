import base64
from pathlib import Path

import cv2
import numpy as np

from roadsight_training.judging.plots import as_data_uri, describe, encode, new_figure, save_png


def drawn() -> bytes:
    figure, (left, right) = new_figure(8, 4, 2)
    left.plot((1, 2), (3, 4), label="a line")
    right.plot((1, 2), (3, 4))
    describe(left, "left", "x", "y")
    return encode(figure)


def test_the_same_plot_is_the_same_file() -> None:
    assert drawn() == drawn()


def test_eight_inches_fill_a_slide() -> None:
    slide = cv2.imdecode(np.frombuffer(drawn(), np.uint8), cv2.IMREAD_COLOR)
    assert slide is not None
    assert slide.shape == (640, 1280, 3)


def test_pixels_come_back_from_a_file_and_from_a_page(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    save_png(pixels, tmp_path / "p.png")
    kept = (tmp_path / "p.png").read_bytes()
    kind, _, text = as_data_uri(kept).partition(",")
    assert kind == "data:image/png;base64"
    assert base64.b64decode(text) == kept
    again = cv2.imdecode(np.frombuffer(kept, np.uint8), cv2.IMREAD_COLOR_RGB)
    np.testing.assert_array_equal(again, pixels)


def test_a_plot_that_names_nothing_has_no_legend() -> None:
    _, (named, bare) = new_figure(8, 4, 2)
    named.plot((1, 2), (3, 4), label="a line")
    for axes in (named, bare):
        describe(axes, "", "", "")
    assert named.get_legend() is not None
    assert bare.get_legend() is None
