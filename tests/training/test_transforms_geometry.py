from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pictures import encoded
from roadsight_models.manifest import CropRule
from roadsight_models.preprocess import crop
from roadsight_models.regions import Box
from roadsight_training.datasets import Dataset, Sample
from roadsight_training.datasets.pictures import Picture, decode
from roadsight_training.recipe import Augment
from roadsight_training.transforms import Augmentation, reach
from roadsight_training.transforms.geometry import quadrilaterals
from training.test_transforms import RULE, STILL

BOX = Box(80, 90, 120, 120)
SCENE = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8), (9, 9), 3).astype(np.uint8)
MANY = [Picture(SCENE, BOX, 0)] * 200


def with_context(context: float) -> CropRule:
    return RULE.model_copy(update={"context": context})


def drawn(rule: CropRule = RULE, seed: int = 0, **changes: object) -> npt.NDArray[np.float64]:
    """The corners in fractions of the box's sides, from its centre: a tight crop has its corners at +-0.5."""
    corners = quadrilaterals(MANY, STILL.model_copy(update=changes), rule, np.random.default_rng(seed))
    return np.asarray((corners + 0.5 - (100, 105)) / (40, 30), np.float64)


def test_the_context_of_the_crop_rule_is_part_of_a_training_crop() -> None:
    rule = with_context(0.2)
    (frame,), _ = Augmentation(STILL, rule, ("a",))(MANY[:1], np.random.default_rng(0))
    assert np.abs(frame.numpy().astype(int) - crop(SCENE, BOX, rule))[2:-2, 2:-2].max() <= 3


def test_the_margin_is_a_fraction_of_what_the_rule_crops() -> None:
    assert np.abs(drawn(margin=(0.1, 0.1))).max() == pytest.approx(0.5 + 0.1)
    assert np.abs(drawn(with_context(0.5), margin=(0.1, 0.1))).max() == pytest.approx(1 + 0.1 * 2)


def test_margins_differ_from_side_to_side_and_are_most_often_small() -> None:
    margins = np.abs(drawn(margin=(-0.2, 0.4))[:, [0, 2]]) - 0.5
    assert margins.min() == pytest.approx(-0.2, abs=0.05)
    assert margins.max() == pytest.approx(0.4, abs=0.05)
    assert np.abs(margins[:, 0] - margins[:, 1]).max() > 0.2
    assert (np.abs(margins) < 0.1).mean() > (np.abs(margins - 0.2) < 0.1).mean()


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_margins_and_context_are_clipped_at_the_picture(seed: int, context: float) -> None:
    corner = Picture(SCENE[:50, :60], Box(0, 1, 50, 50), 0)
    options = STILL.model_copy(update={"margin": (-0.08, 1.0)})
    corners = quadrilaterals([corner], options, with_context(context), np.random.default_rng(seed))
    assert corners.shape == (1, 4, 2)
    assert corners.min() >= -0.5
    assert (corners.max(axis=(0, 1)) <= (59.5, 49.5)).all()


def test_a_shift_moves_the_crop_and_leaves_its_size() -> None:
    corners = drawn(translate=0.2)
    shifts = corners.mean(axis=1)
    assert shifts.min() == pytest.approx(-0.2, abs=0.02)
    assert shifts.max() == pytest.approx(0.2, abs=0.02)
    assert np.ptp(corners, axis=1) == pytest.approx(1, abs=1e-5)


def test_a_zoom_goes_in_as_often_as_out() -> None:
    corners = drawn(zoom=0.5)
    sides = np.ptp(corners, axis=1)[:, 0]
    assert sides.min() == pytest.approx(1 / 1.5, abs=0.02)
    assert sides.max() == pytest.approx(1.5, abs=0.02)
    assert 0.4 < (sides < 1).mean() < 0.6
    assert np.abs(corners.mean(axis=1)).max() < 1e-5


def test_rotation_keeps_square_angles_and_shear_does_not() -> None:
    def cosines(corners: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        along, down = corners[:, 1] - corners[:, 0], corners[:, 3] - corners[:, 0]
        return np.asarray((along * down).sum(axis=1))

    turned = drawn(rotate_degrees=30)
    tilt = np.degrees(np.arctan2(*(turned[:, 1] - turned[:, 0]).T[::-1]))
    assert np.abs(cosines(turned)).max() < 1e-5
    assert 28 < np.abs(tilt).max() <= 30
    assert np.abs(cosines(drawn(shear_degrees=10))).max() > 0.1


@given(
    st.builds(
        Augment,
        margin=st.sampled_from([(-0.3, -0.1), (0.0, 0.0), (-0.08, 0.25), (0.0, 1.0)]),
        translate=st.floats(0, 0.5),
        zoom=st.floats(0, 1),
        rotate_degrees=st.floats(0, 45),
        shear_degrees=st.floats(0, 45),
        perspective=st.floats(0, 0.3),
    ),
    st.floats(0, 1),
    st.integers(0, 10_000),
)
def test_no_crop_sees_further_than_its_reach(options: Augment, context: float, seed: int) -> None:
    rule = with_context(context)
    corners = quadrilaterals(MANY[:20], options, rule, np.random.default_rng(seed))
    far = np.abs((corners + 0.5 - (100, 105)) / (40, 30)) - 0.5
    assert far.max() <= reach(options, rule) + 1e-5
    assert reach(options, rule) >= context  # which validation needs of the same picture


def test_reach_is_no_more_than_needed() -> None:
    assert reach(STILL, RULE) == pytest.approx(0)
    assert reach(STILL, with_context(0.2)) == pytest.approx(0.2)
    assert reach(STILL.model_copy(update={"margin": (0, 0.25)}), RULE) == pytest.approx(0.25)


def test_what_is_out_of_reach_is_not_missed() -> None:
    sample = Sample("scene.png", 0, BOX, "train", "full", "scene", "scene", "drawn")
    dataset = Dataset(Path(), ("a",), (sample,), lambda _: encoded(SCENE, ".png"))
    options = Augment(translate=0.1, zoom=0.2, brightness=0, contrast=0, saturation=0, hue=0, blur=0, noise=0)
    pictures = decode(dataset, sample, reach(options, RULE)), decode(dataset, sample)
    assert pictures[0].pixels.size < pictures[1].pixels.size
    near, whole = (
        Augmentation(options, RULE, ("a",))([picture] * 50, np.random.default_rng(0)) for picture in pictures
    )
    assert np.abs(near[0].numpy().astype(int) - whole[0].numpy()).max() <= 4


@pytest.mark.parametrize("times", [3, 4, 5, 9])
def test_no_pixel_of_a_box_much_larger_than_the_crop_is_skipped(times: int) -> None:
    rng = np.random.default_rng(times)
    width, height = times * RULE.width, times * RULE.height
    grain = rng.integers(0, 256, (height + 40, width + 40, 3), np.uint8)  # every pixel of its own colour
    picture = Picture(grain, Box(20, 20, 20 + width, 20 + height), 0)
    (frame,), _ = Augmentation(STILL, RULE, ("a",))([picture], rng)
    evaluated = crop(grain, picture.box, RULE)
    assert frame.numpy().std() < 1.1 * evaluated.std()  # of single pixels it would be `times` as much
    assert frame.numpy().mean() == pytest.approx(evaluated.mean(), abs=1)


def test_a_large_box_is_seen_where_evaluation_sees_it() -> None:
    picture = Picture(cv2.resize(SCENE, (1000, 1000)).astype(np.uint8), Box(400, 450, 640, 610), 0)
    (frame,), _ = Augmentation(STILL, RULE, ("a",))([picture], np.random.default_rng(0))
    assert np.abs(frame.numpy().astype(int) - crop(picture.pixels, picture.box, RULE)).mean() < 2
