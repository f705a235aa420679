"""How well a score tells two groups apart, where that is known."""

import numpy as np
import pytest

from roadsight_models.robustness.squeezing import Suspicions
from roadsight_training.detecting.detection import FALSE_POSITIVES, Detection, curve, detection, threshold

N = 40
ALL = np.ones(N, bool)


def rising(start: float = 0.0) -> Suspicions:
    return start + np.arange(N) / N


def test_scores_that_do_not_overlap_are_told_apart_for_sure() -> None:
    found = detection(rising(), rising(1), ALL)
    assert (found.area, found.caught) == (1, 1)
    assert found.area_interval == pytest.approx((1, 1)) and found.caught_interval == (1, 1)
    found = detection(rising(1), rising(), ALL)
    assert (found.area, found.caught) == (0, 0)


def test_scores_that_are_the_same_are_chance() -> None:
    found = detection(rising(), rising(), ALL)
    assert found.area == pytest.approx(0.5)
    assert found.caught == pytest.approx(FALSE_POSITIVES)
    flat = np.zeros(N)
    found = detection(flat, flat, ALL)
    assert found.area == pytest.approx(0.5) and found.caught == 0


def test_only_what_was_broken_counts() -> None:
    broke = np.arange(N) >= N // 2
    scores = np.where(broke, 5.0, -5.0)
    found = detection(rising(), scores, broke)
    assert (found.area, found.caught) == (1, 1)


def test_where_nothing_was_broken_there_is_nothing_to_tell_apart() -> None:
    assert detection(rising(), rising(1), ~ALL) == Detection(None, None, None, None)


def test_one_broken_picture_has_an_interval_too() -> None:
    found = detection(rising(), rising(), np.arange(N) == N - 1)
    assert found.area is not None and found.area_interval is not None
    assert found.area == pytest.approx(1 - 0.5 / N)
    assert found.area_interval[0] <= found.area <= 1


def test_intervals_hold_the_figure_and_narrow_with_more_pictures() -> None:
    rng = np.random.default_rng(0)
    widths = []
    for count in (50, 800):
        clean, bent = rng.normal(0, 1, count), rng.normal(1, 1, count)
        found = detection(clean, bent, np.ones(count, bool))
        assert found.area is not None and found.area_interval is not None
        assert found.area_interval[0] < found.area < found.area_interval[1]
        widths.append(found.area_interval[1] - found.area_interval[0])
    assert widths[1] < widths[0] / 2


@pytest.mark.parametrize("count", [20, 40, 99, 1000])
def test_no_more_than_a_twentieth_of_the_clean_ones_is_over_the_threshold(count: int) -> None:
    rng = np.random.default_rng(count)
    for scores in (rng.normal(size=count), rng.integers(0, 5, count).astype(float), np.zeros(count)):
        at = threshold(scores)
        assert (scores > at).mean() <= FALSE_POSITIVES
        lower = scores[scores < at]
        assert not len(lower) or (scores > lower.max()).mean() > FALSE_POSITIVES  # and none lower would do


def test_the_curve_goes_from_nothing_to_everything() -> None:
    false, true = curve(rising(), rising(0.5))
    assert (false[0], true[0], false[-1], true[-1]) == (0, 0, 1, 1)
    assert (np.diff(false) >= 0).all() and (np.diff(true) >= 0).all()
