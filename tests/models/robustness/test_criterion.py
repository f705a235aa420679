"""What counts as success."""

import numpy as np
import pytest

from roadsight_models.robustness.criterion import Criterion, Flags, Indices

LABELS = np.array([0, 0, 2])
TARGETS = np.array([1, 2, 1])
LOGITS = np.array([[3, 1, 2], [1, 3, 2], [1, 3, 2]], np.float32)  # says 0, 1, 1


def test_any_other_class_will_do_unless_one_is_wanted() -> None:
    assert Criterion(LABELS).reached(LOGITS).tolist() == [False, True, True]
    assert Criterion(LABELS, TARGETS).reached(LOGITS).tolist() == [False, False, True]


@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf])
def test_an_answer_that_is_none_loses_the_label_and_reaches_no_target(broken: float) -> None:
    logits = LOGITS.copy()
    logits[:, 1] = broken
    assert Criterion(LABELS).reached(logits).all()
    assert not Criterion(LABELS, TARGETS).reached(logits).any()


def test_a_loss_is_about_the_target_or_about_the_label() -> None:
    assert Criterion(LABELS).wanted is LABELS
    assert Criterion(LABELS, TARGETS).wanted is TARGETS


@pytest.mark.parametrize("chosen", [np.array([False, False, True]), np.array([2])], ids=["flags", "numbers"])
def test_some_of_the_pictures_keep_what_was_wanted_of_them(chosen: Flags | Indices) -> None:
    part = Criterion(LABELS, TARGETS).part(chosen)
    assert part.targets is not None
    assert (part.labels.tolist(), part.targets.tolist()) == ([2], [1])
    assert Criterion(LABELS).part(chosen).targets is None
