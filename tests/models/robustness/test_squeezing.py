"""What is called suspicious: an answer that hangs on detail, and nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colours import SIDE, crops
from models.robustness.colour_victim import GREEN, RED, flat, fresh, peppered
from models.robustness.linear import weighted
from roadsight_models.robustness.squeezing import (
    SQUEEZERS,
    VERSIONS,
    fewer_levels,
    smoothed,
    suspicion,
    suspicions,
    versions,
)


def test_a_picture_that_squeezing_leaves_as_it_is_is_not_suspicious() -> None:
    frames = np.concatenate([flat(255, 0, 0), flat(0, 123, 255)])  # levels of 5 bits
    for squeeze in SQUEEZERS.values():
        np.testing.assert_array_equal(squeeze(frames), frames)
    np.testing.assert_array_equal(suspicion(fresh(), frames, 1.0), [0, 0])


def test_an_answer_that_hangs_on_single_pixels_is_suspicious() -> None:
    assert fresh().answers(peppered()).argmax() == GREEN
    assert fresh().answers(smoothed(peppered())).argmax() == RED
    pair = np.concatenate([peppered(), flat(156, 123, 0)])
    found = suspicion(fresh(), pair, 0.5)
    assert found[0] > 1 and found[1] < 0.2


def test_the_surer_the_manifest_makes_the_answers_the_more_a_change_of_them_counts() -> None:
    found = [suspicion(fresh(), peppered(), temperature)[0] for temperature in (0.01, 0.5, 2.0, 100.0)]
    assert found[0] == pytest.approx(2, abs=1e-3) and found[-1] < 0.1
    assert found == sorted(found, reverse=True)


@settings(max_examples=20)
@given(st.integers(0, 1000), st.floats(0.01, 10))
def test_it_lies_between_0_and_2_and_each_picture_s_is_its_own(seed: int, temperature: float) -> None:
    frames = crops(5, seed)
    found = suspicion(fresh(), frames, temperature)
    assert found.shape == (5,) and found.dtype == np.float64
    assert ((found >= 0) & (found <= 2)).all()
    np.testing.assert_allclose(found[2], suspicion(fresh(), frames[2:3], temperature)[0], atol=1e-3)


def test_fewer_levels_are_those_of_so_many_bits_and_the_nearest() -> None:
    ramp = np.arange(256, dtype=np.uint8).repeat(3).reshape(1, 16, 16, 3)
    squeezed = fewer_levels(ramp)
    assert len(np.unique(squeezed)) == 32
    assert np.abs(squeezed.astype(int) - ramp).max() <= 5  # half of 255 / 31, and rounding
    np.testing.assert_array_equal(fewer_levels(squeezed), squeezed)


def test_the_median_takes_away_what_is_one_pixel_wide_and_keeps_an_edge() -> None:
    frames = flat(0, 0, 0)
    frames[:, :, 8:] = 200
    spotted = frames.copy()
    spotted[0, 3, 3] = 255
    np.testing.assert_array_equal(smoothed(spotted), frames)


def test_the_versions_of_pictures_are_themselves_and_then_what_each_squeezer_leaves_of_them() -> None:
    frames = crops(4)
    plain, levels, median = np.split(versions(frames), VERSIONS)
    np.testing.assert_array_equal(plain, frames)
    np.testing.assert_array_equal(levels, fewer_levels(frames))
    np.testing.assert_array_equal(median, smoothed(frames))


def test_of_no_pictures_there_are_no_versions_and_no_suspicions() -> None:
    assert versions(crops(0)).shape == crops(0).shape
    assert suspicions(np.empty((0, 3), np.float32), 1.0).shape == (0,)


def test_the_squeezing_that_changes_most_counts() -> None:
    logits = np.array([[9, 0], [9, 0], [9, 0], [8, 0], [0, 9], [9, 0]], np.float32)  # of two pictures
    assert suspicions(logits, 1.0) == pytest.approx([2, 0], abs=1e-2)
    np.testing.assert_array_equal(suspicions(logits, 1.0), suspicions(logits[[0, 1, 4, 5, 2, 3]], 1.0))


def test_logits_that_are_not_finite_are_as_suspicious_as_can_be() -> None:
    overflowing = weighted(np.zeros((2, SIDE, SIDE, 3)), [np.inf, 0])
    np.testing.assert_array_equal(suspicion(overflowing, crops(2), 1.0), [2, 2])


def test_it_costs_an_inference_for_the_picture_and_one_for_each_squeezing() -> None:
    victim = fresh()
    suspicion(victim, crops(20), 1.0)
    assert victim.queries == 20 * (1 + len(SQUEEZERS))
