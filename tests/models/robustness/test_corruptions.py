"""Whoever reads a robustness figure relies on this: severity means something, a seed repeats it, any crop will do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadsight_models.frame import Pixels
from roadsight_models.robustness.corruptions import CORRUPTIONS, SEVERITIES, corrupt
from roadsight_models.robustness.weather import clouds
from roadsight_models.scene import draw

SIGN = draw(3, 64, 64, 1, (40, 56)).pixels
SIZES = [(8, 8), (20, 15), (15, 20), (9, 250), (1, 1)]
DRAW_NOTHING = {"defocus_blur", "zoom_blur", "brightness", "contrast", "pixelate", "jpeg_compression"}
MOVE_LIGHT = ("defocus_blur", "motion_blur", "zoom_blur", "glass_blur", "elastic_transform", "pixelate")
each_name = pytest.mark.parametrize("name", CORRUPTIONS)
each_severity = pytest.mark.parametrize("severity", SEVERITIES)


def seeded(pixels: Pixels, name: str, severity: int, seed: int = 0) -> Pixels:
    return corrupt(pixels, name, severity, np.random.default_rng(seed))


def flat(level: int, width: int = 48, height: int = 48) -> Pixels:
    return np.full((height, width, 3), level, np.uint8)


def change(one: Pixels, other: Pixels) -> float:
    return float(np.abs(one.astype(int) - other).mean())


@each_name
def test_the_worst_is_worse_than_the_mildest_and_the_mildest_is_seen(name: str) -> None:
    mild, severe = (np.mean([change(SIGN, seeded(SIGN, name, severity, i)) for i in range(4)]) for severity in (1, 5))
    assert 1 < mild < severe


@each_name
@each_severity
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_crop_of_any_size_comes_back_in_its_size(name: str, severity: int, width: int, height: int) -> None:
    crop = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    corrupted = seeded(crop, name, severity)
    assert corrupted.shape == crop.shape and corrupted.dtype == np.uint8


@settings(max_examples=100)
@given(st.sampled_from(list(CORRUPTIONS)), st.sampled_from(SEVERITIES), st.integers(8, 40), st.integers(8, 40))
def test_the_same_seed_gives_the_same_pixels_and_the_picture_stays_as_it_is(
    name: str, severity: int, width: int, height: int
) -> None:
    crop = np.random.default_rng(width).integers(0, 256, (height, width, 3), np.uint8)
    kept = crop.copy()
    crop.setflags(write=False)
    once = seeded(crop, name, severity, 7)
    np.testing.assert_array_equal(once, seeded(crop, name, severity, 7))
    np.testing.assert_array_equal(crop, kept)
    assert once.flags.writeable and not np.shares_memory(once, crop)


@each_name
def test_another_seed_gives_other_pixels_where_there_is_something_to_draw(name: str) -> None:
    one, other = np.random.default_rng(1), np.random.default_rng(2)
    difference = change(corrupt(SIGN, name, 3, one), corrupt(SIGN, name, 3, other))
    untouched = one.bit_generator.state == np.random.default_rng(1).bit_generator.state
    assert (difference == 0) == untouched == (name in DRAW_NOTHING)


@each_name
def test_pixels_need_not_be_contiguous(name: str) -> None:
    view = SIGN[::-2, 5:60, ::-1]
    np.testing.assert_array_equal(seeded(view, name, 2), seeded(np.ascontiguousarray(view), name, 2))


@pytest.mark.parametrize("name", MOVE_LIGHT)
@pytest.mark.parametrize(("width", "height"), [(8, 8), (15, 20), (48, 48)])
def test_what_moves_light_makes_none(name: str, width: int, height: int) -> None:
    grey = flat(100, width, height)
    for severity in SEVERITIES:
        assert change(grey, seeded(grey, name, severity)) <= 2  # ImageNet-C's disc of radius 8 weighs 1.015


@pytest.mark.parametrize(("severity", "normal", "photons", "hit"), [(1, 0.08, 60, 0.03), (2, 0.12, 25, 0.06)])
def test_noise_is_as_strong_as_the_paper_s_code_says(severity: int, normal: float, photons: int, hit: float) -> None:
    grey = flat(128, 200, 200)
    change = {name: (seeded(grey, name, severity) - 128.0) / 255 for name in CORRUPTIONS if "noise" in name}
    assert change["gaussian_noise"].std() == pytest.approx(normal, rel=0.02)
    assert change["shot_noise"].std() == pytest.approx(np.sqrt(128 / 255 / photons), rel=0.02)
    impulses = change["impulse_noise"][change["impulse_noise"] != 0]
    assert impulses.size / grey.size == pytest.approx(hit, rel=0.03)
    assert set(impulses) == {-128 / 255, 127 / 255}
    assert (impulses > 0).mean() == pytest.approx(0.5, abs=0.03)


def test_a_stop_less_light_is_half_the_light_and_more_noise_in_it() -> None:
    grey = flat(200, 200, 200)
    light = [(seeded(grey, "low_light", severity) / 255) ** 2.2 for severity in SEVERITIES]
    for stops, dark in enumerate(light, start=1):
        assert dark.mean() / (200 / 255) ** 2.2 == pytest.approx(2.0**-stops, rel=0.06)  # 8 bits are coarse in the dark
    noise = np.array([dark.std() / dark.mean() for dark in light])
    assert (noise[1:] > 1.2 * noise[:-1]).all()


@each_severity
def test_fog_leaves_the_brightest_value_where_it_was_and_takes_contrast(severity: int) -> None:
    foggy = seeded(SIGN, "fog", severity)
    assert foggy.max() <= SIGN.max()
    detail, left = (np.abs(np.diff(picture.astype(int), axis=1)).mean() for picture in (SIGN, foggy))
    assert left < 0.8 * detail


@settings(max_examples=30)
@given(st.integers(1, 8), st.floats(1.2, 3), st.integers(0, 2**32))
def test_clouds_reach_from_nothing_to_everything_and_have_no_seam(power: int, decay: float, seed: int) -> None:
    field = clouds(2**power, decay, np.random.default_rng(seed))
    assert field.shape == (2**power, 2**power)
    assert field.min() == 0 and field.max() == 1
    if power >= 6 and decay >= 2:
        assert np.abs(field[0] - field[-1]).mean() < 3 * np.abs(np.diff(field, axis=0)).mean()


def test_snow_only_ever_adds_light() -> None:
    for severity in SEVERITIES:
        assert (seeded(SIGN, "snow", severity).astype(int) >= SIGN.astype(int) - 1).all()


def test_brightness_keeps_a_colour_s_hue_and_makes_black_grey() -> None:
    orange = np.full((8, 8, 3), (100, 50, 20), np.uint8)
    brighter = seeded(orange, "brightness", 2)[0, 0]
    np.testing.assert_allclose(brighter / 151, (1, 0.5, 0.2), atol=0.01)
    np.testing.assert_array_equal(seeded(flat(0), "brightness", 2), flat(51))


@pytest.mark.parametrize(("severity", "blocks"), [(1, 38), (2, 32), (3, 25), (4, 19), (5, 16)])
def test_a_pixelated_crop_has_as_many_blocks_as_its_severity_leaves(severity: int, blocks: int) -> None:
    pixelated = seeded(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8), "pixelate", severity)
    for axis in (0, 1):
        steps = np.abs(np.diff(pixelated.astype(int), axis=axis)).sum(axis=(1 - axis, 2))
        assert np.count_nonzero(steps) == blocks - 1


def test_every_corruption_is_given_for_five_severities_and_says_where_it_is_from() -> None:
    for corruption in CORRUPTIONS.values():
        assert all(len(values) == 5 for values in corruption.parameters.values())
    assert [name for name, corruption in CORRUPTIONS.items() if not corruption.imagenet_c] == ["low_light"]
    assert "frost" not in CORRUPTIONS


def test_a_misspelt_name_is_told_the_nearest() -> None:
    with pytest.raises(ValueError, match="no corruption 'guassian_noise'; did you mean 'gaussian_noise'"):
        seeded(SIGN, "guassian_noise", 1)
    with pytest.raises(ValueError, match=r"no corruption 'xyz'; known: gaussian_noise, .*jpeg_compression"):
        seeded(SIGN, "xyz", 1)


@pytest.mark.parametrize("severity", [0, 6, -1])
def test_a_severity_that_is_none_is_refused(severity: int) -> None:
    with pytest.raises(ValueError, match=f"severity {severity}: it goes from 1 to 5"):
        seeded(SIGN, "fog", severity)


@pytest.mark.parametrize("picture", [SIGN / 255, SIGN[..., 0], np.zeros((8, 8, 4), np.uint8), SIGN[None]])
def test_what_is_no_picture_of_bytes_is_refused(picture: Pixels) -> None:
    with pytest.raises(ValueError, match=r"a picture is uint8 \[H, W, 3\], not"):
        seeded(picture, "fog", 1)
