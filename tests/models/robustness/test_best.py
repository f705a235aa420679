"""Of all that an attack tried, what met the criterion is kept; until then what came nearest."""

import numpy as np

from roadsight_models.robustness.best import Best
from roadsight_models.robustness.criterion import Criterion, Logits
from roadsight_models.robustness.threat import Floats

CLEAN = np.zeros((3, 2, 2, 3), np.float32)
LABELS = Criterion(np.zeros(3, np.int64))


def painted(*levels: float) -> Floats:
    """Pictures of one value each, by which they are known again."""
    return np.array(levels, np.float32)[:, None, None, None] * np.ones(CLEAN.shape[1:], np.float32)


def leading(*leads: float) -> Logits:
    """Logits by which the true class leads so much."""
    return np.array([[lead, 0, -9] for lead in leads], np.float32)


def kept(best: Best) -> list[float]:
    """The value of each picture that is kept."""
    assert (best.pixels == best.pixels[:, :1, :1, :1]).all()
    return [float(value) for value in best.pixels[:, 0, 0, 0]]


def test_before_anything_was_tried_it_is_the_clean_pictures() -> None:
    clean = CLEAN.copy()
    best = Best(clean, LABELS)
    best.take(np.array([0]), painted(1), leading(1))
    assert not clean.any()
    assert kept(best) == [1, 0, 0]
    assert best.left.tolist() == [0, 1, 2]


def test_the_nearest_is_kept_until_one_succeeds_and_then_that_one() -> None:
    best, every = Best(CLEAN, LABELS), np.arange(3)
    assert best.take(every, painted(1, 1, 1), leading(5, 5, 5)).tolist() == [False] * 3
    assert best.take(every, painted(2, 2, 2), leading(3, 6, -1)).tolist() == [False, False, True]
    assert kept(best) == [2, 1, 2]
    assert best.left.tolist() == [0, 1]
    assert best.take(every, painted(3, 3, 3), leading(4, -1, -8)).tolist() == [False, True, True]
    assert kept(best) == [2, 3, 2]
    assert best.left.tolist() == [0]


def test_some_pictures_are_told_by_their_numbers() -> None:
    best = Best(CLEAN, Criterion(np.array([0, 0, 1]), np.array([1, 0, 0])))
    found = best.take(np.array([2, 0]), painted(7, 8), leading(1, 1))
    assert found.tolist() == [True, False]
    assert kept(best) == [8, 0, 7]
    assert best.left.tolist() == [0, 1]


def test_an_answer_that_is_none_is_success_where_any_other_will_do() -> None:
    logits = np.full((3, 3), np.nan, np.float32)
    best = Best(CLEAN, LABELS)
    assert best.take(np.arange(3), painted(1, 2, 3), logits).all()
    assert kept(best) == [1, 2, 3]


def test_and_never_where_a_target_is_wanted() -> None:
    logits = np.full((3, 3), np.nan, np.float32)
    best = Best(CLEAN, Criterion(LABELS.labels, np.ones(3, np.int64)))
    assert not best.take(np.arange(3), painted(1, 2, 3), logits).any()
    assert kept(best) == [0, 0, 0]
