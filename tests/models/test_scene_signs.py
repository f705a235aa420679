"""Every sign by itself: its colours, its box, and that it is taken for no other."""

from collections import Counter

import cv2
import numpy as np
import pytest

from roadsight_models.scene import DRAWABLE, draw, draw_sign
from roadsight_models.scene.plate import seen

PROHIBITIONS = {
    label for label in DRAWABLE if label.startswith(("speed_limit", "no_passing", "no_vehicles", "no_trucks"))
}
RELEASES = {label for label in DRAWABLE if label.startswith("end_of")}
MANDATORIES = {
    "turn_right_ahead", "turn_left_ahead", "ahead_only", "go_straight_or_right", "go_straight_or_left", "keep_right",
    "keep_left", "roundabout_mandatory",
}  # fmt: skip
OTHERS = {"stop", "yield", "priority_road", "no_entry"}
WARNINGS = set(DRAWABLE) - PROHIBITIONS - RELEASES - MANDATORIES - OTHERS


def colour(label: str, x: float, y: float) -> str:
    """The colour of a plate's point; x and y from -1 to 1, y down."""
    plate = draw_sign(label, 128)
    red, green, blue, alpha = (int(value) for value in plate[round(64 + 63 * y), round(64 + 63 * x)])
    if alpha < 128:
        return "none"
    if max(red, green, blue) - min(red, green, blue) < 40:
        return "white" if red > 190 else "black" if red < 60 else "grey"
    if blue == max(red, green, blue):
        return "blue"
    return "yellow" if green > 120 else "red"


def bare(monkeypatch: pytest.MonkeyPatch, posts: bool = False) -> None:
    """Scenes without camera, and without posts unless wanted."""
    monkeypatch.setattr("roadsight_models.scene.compose.photographed", lambda picture, *_: picture)
    if not posts:
        monkeypatch.setattr("roadsight_models.scene.compose.post", lambda *_: None)


def test_there_are_as_many_of_each_form_as_in_gtsrb() -> None:
    sizes = [len(form) for form in (PROHIBITIONS, RELEASES, MANDATORIES, WARNINGS)]
    assert sizes == [12, 4, 8, 15]


@pytest.mark.parametrize("label", DRAWABLE)
def test_a_sign_drawn_alone_is_found_by_its_box(label: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bare(monkeypatch)
    seed = DRAWABLE.index(label)
    scene, road = draw(seed, 220, 180, 1, (30, 70), (label,)), draw(seed, 220, 180, 0, (30, 70))
    (sign,) = scene.signs
    x, y, w, h = cv2.boundingRect(np.any(scene.pixels != road.pixels, axis=2).astype(np.uint8))
    assert sign.label == label
    np.testing.assert_allclose(sign.box, (x, y, x + w, y + h), atol=1)
    assert x >= sign.box[0] and y >= sign.box[1] and x + w <= sign.box[2] and y + h <= sign.box[3]


def test_a_post_stands_below_its_sign_and_never_before_one(monkeypatch: pytest.MonkeyPatch) -> None:
    bare(monkeypatch)
    without = [draw(seed, 400, 300, 5, (30, 50)) for seed in range(6)]
    monkeypatch.undo()
    bare(monkeypatch, posts=True)
    for seed, plain in enumerate(without):
        scene = draw(seed, 400, 300, 5, (30, 50))
        assert scene.signs == plain.signs
        changed = np.any(scene.pixels != plain.pixels, axis=2)
        for sign in scene.signs:
            x1, y1, x2, y2 = sign.box
            middle = (slice(y1 + (y2 - y1) // 3, y1 + (y2 - y1) // 2), slice(x1 + (x2 - x1) // 3, x2 - (x2 - x1) // 3))
            assert not changed[middle].any()
            assert changed[y2 : y2 + 5, x1:x2].any() or y2 + 5 > 300


@pytest.mark.parametrize("label", sorted(PROHIBITIONS))
def test_a_prohibition_is_a_red_ring_on_white(label: str) -> None:
    assert {colour(label, x, y) for x, y in ((0, 0.84), (0, -0.84), (0.84, 0), (-0.84, 0))} == {"red"}
    assert colour(label, 0, 0.65) == "white"


@pytest.mark.parametrize("label", sorted(MANDATORIES))
def test_a_command_is_white_on_a_blue_disc(label: str) -> None:
    assert {colour(label, x, y) for x, y in ((0.65, 0.65), (-0.65, 0.65), (0.65, -0.65), (-0.65, -0.65))} == {"blue"}
    plate = draw_sign(label, 64)[..., :3].astype(int)
    assert 0.1 < (plate.min(axis=2) > 180).mean() < 0.5


@pytest.mark.parametrize("label", sorted(WARNINGS))
def test_a_warning_is_a_red_triangle_on_its_base(label: str) -> None:
    assert {colour(label, x, y) for x, y in ((0, 0.78), (0.4, -0.08), (-0.4, -0.08))} == {"red"}
    assert {colour(label, 0.8, -0.6), colour(label, -0.8, -0.6)} == {"none"}
    dark = (draw_sign(label, 64)[..., :3].astype(int).max(axis=2) < 110).mean()
    assert dark > 0.02 or label == "traffic_signals"


@pytest.mark.parametrize("label", sorted(RELEASES))
def test_a_release_has_no_colour_and_is_struck_through(label: str) -> None:
    plate = draw_sign(label, 128)[..., :3].astype(int)
    assert (plate.max(axis=2) - plate.min(axis=2)).max() < 20
    assert colour(label, 0, 0) == colour(label, 0.5, -0.5) == colour(label, -0.5, 0.5) == "black"
    assert colour(label, 0.64, 0.64) == "white"


@pytest.mark.parametrize(
    ("label", "x", "y", "expected"),
    [
        ("stop", 0, 0.75, "red"),
        ("stop", 0.95, 0.95, "none"),
        ("yield", 0, -0.1, "white"),
        ("yield", 0, -0.76, "red"),
        ("yield", 0, 0.7, "red"),
        ("yield", 0.8, 0.6, "none"),
        ("priority_road", 0, 0, "yellow"),
        ("priority_road", 0, 0.75, "white"),
        ("priority_road", 0.7, 0.7, "none"),
        ("no_entry", 0, 0, "white"),
        ("no_entry", 0, 0.5, "red"),
        ("no_entry", 0.9, 0, "red"),
        ("keep_right", 0.4, 0.34, "white"),
        ("keep_right", -0.4, 0.34, "blue"),
        ("turn_right_ahead", 0.5, -0.2, "white"),
        ("turn_right_ahead", -0.5, -0.2, "blue"),
        ("go_straight_or_right", 0.55, 0.2, "white"),
        ("ahead_only", 0, -0.6, "white"),
        ("dangerous_curve_left", -0.25, 0.12, "black"),
        ("dangerous_curve_left", 0.35, 0.12, "white"),
        ("traffic_signals", 0, -0.12, "red"),
        ("traffic_signals", 0, 0.17, "yellow"),
    ],
)
def test_the_signs_of_a_form_of_their_own(label: str, x: float, y: float, expected: str) -> None:
    assert colour(label, x, y) == expected


def test_signs_that_are_twins_look_to_opposite_sides() -> None:
    for left in (label for label in DRAWABLE if "left" in label):
        one, other = (draw_sign(label, 64).astype(int) for label in (left, left.replace("left", "right")))
        assert np.abs(one - other[:, ::-1]).mean() < 2 < np.abs(one - other).mean(), left


def test_a_plate_under_perspective_is_nearest_to_its_own_drawing() -> None:
    def features(plate: np.ndarray) -> np.ndarray:
        rgb = cv2.resize(plate, (24, 24), interpolation=cv2.INTER_AREA).astype(float)
        return cv2.GaussianBlur(rgb[..., :3] * (rgb[..., 3:] / 255), (3, 3), 0.8)

    plain = np.stack([features(draw_sign(label, 96)) for label in DRAWABLE])
    rng, hits = np.random.default_rng(0), 0
    for index, label in enumerate(DRAWABLE):
        for _ in range(4):
            difference = np.abs(plain - features(seen(label, 64, rng))).mean(axis=(1, 2, 3))
            hits += int(difference.argmin() == index)
    assert hits / (4 * len(DRAWABLE)) > 0.9


@pytest.mark.parametrize("side", [8, 9, 16, 33, 127, 512])
def test_a_plate_seen_has_its_longer_side_exactly_and_touches_all_four(side: int) -> None:
    rng = np.random.default_rng(side)
    for label in ("stop", "yield", "priority_road", "general_caution", "no_entry"):
        plate = seen(label, side, rng)
        alpha = plate[..., 3]
        assert max(alpha.shape) == side and plate.dtype == np.uint8
        assert all(edge.any() for edge in (alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]))
        assert min(alpha.shape) >= 0.75 * side - 1


def test_to_draw_does_not_wear_the_drawings_out() -> None:
    before = {label: draw_sign(label, 32) for label in DRAWABLE}
    draw(1, 400, 300, 8, (20, 40))
    for label, plate in before.items():
        np.testing.assert_array_equal(draw_sign(label, 32), plate)
        plate[:] = 0
    assert draw_sign("stop", 32).any()


def test_seeds_spread_over_all_labels_and_sizes() -> None:
    signs = [sign for seed in range(12) for sign in draw(seed, 420, 320, 40, (16, 19)).signs]
    labels = Counter(sign.label for sign in signs)
    sides = Counter(max(x2 - x1, y2 - y1) for x1, y1, x2, y2 in (sign.box for sign in signs))
    assert set(labels) == set(DRAWABLE)
    assert max(labels.values()) < 30  # 11 are expected of each
    assert set(sides) == {16, 17, 18, 19}
    assert min(sides.values()) > 60  # 120 are expected of each
