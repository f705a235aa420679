"""What a track says: never more than its frames, and not for ever what one of them said."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadsight_models.fusion import FLOOR, FORGETTING, Pool

SHARES = st.lists(st.floats(0, 1), min_size=3, max_size=3).filter(lambda each: sum(each) > 0.1)
RED, BLUE, UNSURE = [0.9, 0.06, 0.04], [0.1, 0.1, 0.8], [0.4, 0.3, 0.3]


def last(*frames: list[float], forgetting: float = FORGETTING) -> list[float]:
    pool, said = Pool(forgetting), list[float]()
    for frame in frames:
        said = pool.add(frame)
    assert pool.frames == len(frames)
    return said


@given(st.lists(SHARES, min_size=1, max_size=8))
def test_whatever_frames_say_their_track_s_probabilities_sum_to_one(frames: list[list[float]]) -> None:
    said = last(*([each / sum(frame) for each in frame] for frame in frames))
    assert sum(said) == pytest.approx(1)
    assert all(each > 0 for each in said)


def test_one_frame_and_many_that_agree_say_the_same() -> None:
    assert last(RED) == pytest.approx(RED)
    assert last(*[RED] * 20) == pytest.approx(RED)


def test_it_is_the_weighted_geometric_mean() -> None:
    weights = [FORGETTING**2, FORGETTING, 1]
    means = [
        math.prod(frame[k] ** (w / sum(weights)) for frame, w in zip((RED, UNSURE, BLUE), weights, strict=True))
        for k in range(3)
    ]
    assert last(RED, UNSURE, BLUE) == pytest.approx([each / sum(means) for each in means])


def test_one_frame_that_errs_is_outvoted_and_one_that_rules_the_truth_out_is_too() -> None:
    sure, wrong = [1 - 1e-6, 1e-6, 0.0], [0.0, 1.0, 0.0]
    assert max(last(RED, RED, BLUE)) == last(RED, RED, BLUE)[0]
    said = last(*[sure] * 10, wrong)
    assert said[0] == max(said)
    assert last(wrong)[0] == pytest.approx(FLOOR, rel=1e-3)


def test_what_was_long_ago_is_forgotten() -> None:
    assert last(*[RED] * 5, *[BLUE] * 40)[2] > 0.75
    assert last(RED, BLUE, forgetting=0.0) == pytest.approx(BLUE)
