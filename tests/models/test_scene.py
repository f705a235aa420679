from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadsight_models.scene import DRAWABLE, draw, draw_sign
from roadsight_training.datasets import gtsrb


def test_every_drawable_label_is_one_of_the_43() -> None:
    assert len(set(DRAWABLE)) == len(DRAWABLE) >= 24
    assert set(DRAWABLE) <= set(gtsrb.LABELS)


def test_the_same_seed_draws_the_same_scene() -> None:
    first, second = draw(7), draw(7)
    assert first.signs == second.signs
    np.testing.assert_array_equal(first.pixels, second.pixels)


def test_another_seed_draws_another_scene() -> None:
    assert not np.array_equal(draw(7, 320, 240, 1).pixels, draw(8, 320, 240, 1).pixels)


@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**32),
    width=st.integers(200, 500),
    height=st.integers(150, 400),
    signs=st.integers(0, 6),
    low=st.integers(8, 60),
    spread=st.integers(0, 4),
)
def test_signs_lie_inside_and_apart_and_in_the_size_asked_for(
    seed: int, width: int, height: int, signs: int, low: int, spread: int
) -> None:
    scene = draw(seed, width, height, signs, (low, low + spread))
    assert scene.pixels.shape == (height, width, 3)
    assert scene.pixels.dtype == np.uint8
    assert len(scene.signs) == signs
    taken = np.zeros((height, width), int)
    for sign in scene.signs:
        x1, y1, x2, y2 = sign.box
        assert 0 <= x1 < x2 <= width
        assert 0 <= y1 < y2 <= height
        assert low <= max(x2 - x1, y2 - y1) <= low + spread
        taken[y1:y2, x1:x2] += 1
    assert taken.max(initial=0) <= 1


def test_only_the_labels_asked_for_are_drawn() -> None:
    assert {sign.label for sign in draw(1, signs=8, labels=("stop", "yield")).signs} == {"stop", "yield"}


@pytest.mark.parametrize("label", ["stop", "yield", "keep_left", "priority_road"])
def test_boxes_are_tight(label: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Posts and the camera left out, a scene differs from the bare road in exactly the box."""
    monkeypatch.setattr("roadsight_models.scene.compose.post", lambda *_: None)
    monkeypatch.setattr("roadsight_models.scene.compose.photographed", lambda picture, *_: picture)
    for seed in range(8):
        scene = draw(seed, 400, 300, 1, labels=(label,))
        changed = np.any(scene.pixels != draw(seed, 400, 300, 0).pixels, axis=2).astype(np.uint8)
        x, y, w, h = cv2.boundingRect(changed)
        np.testing.assert_allclose(scene.signs[0].box, (x, y, x + w, y + h), atol=1)


@pytest.mark.parametrize("label", DRAWABLE)
def test_a_plate_fills_its_square_and_has_no_background(label: str) -> None:
    plate = draw_sign(label, 64)
    assert plate.shape == (64, 64, 4)
    assert plate.dtype == np.uint8
    alpha = plate[..., 3]
    assert alpha[32, 32] == 255
    assert alpha[[0, 0, -1, -1], [0, -1, 0, -1]].max() < 128
    assert alpha[:, [0, -1]].any(axis=0).all()


def test_no_two_labels_look_alike() -> None:
    plates = [draw_sign(label, 32).astype(int) for label in DRAWABLE]
    for i, one in enumerate(plates):
        for other in plates[:i]:
            assert np.abs(one - other).mean() > 2


def test_left_and_right_are_mirror_images() -> None:
    left, right = draw_sign("keep_left", 64)[..., :3], draw_sign("keep_right", 64)[..., :3]
    assert np.abs(left.astype(int) - right[:, ::-1]).mean() < 2


def test_a_scene_looks_photographed() -> None:
    sky = draw(3, signs=0).pixels[:40].astype(float)
    assert 0.5 < np.diff(sky, axis=1).std() < 20


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"labels": ("stop", "halt")}, "'halt'"),
        ({"labels": ()}, "0 labels"),
        ({"signs": -1}, "-1 signs"),
        ({"side": (64, 32)}, "larger than"),
        ({"side": (4, 32)}, "4 px"),
        ({"side": (32, 5000)}, "5000 px"),
        ({"width": 100}, "100x720"),
        ({"width": 300, "height": 300, "signs": 5}, "too small for 5 signs"),
        ({"width": 8, "signs": 0}, "8x720"),
        ({"seed": -1}, "negative"),
    ],
)
def test_bad_arguments_are_refused_with_a_reason(arguments: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        draw(**({"seed": 1} | arguments))


@pytest.mark.parametrize(("label", "side"), [("halt", 64), ("stop", 7), ("stop", 1025)])
def test_a_plate_that_cannot_be_drawn_is_refused(label: str, side: int) -> None:
    with pytest.raises(ValueError, match=r"drawing|drawn"):
        draw_sign(label, side)
