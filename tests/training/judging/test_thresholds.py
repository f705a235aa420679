from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadsight_training.errors import BadSplit
from roadsight_training.judging.answers import Validation
from roadsight_training.judging.intervals import Proportion
from roadsight_training.judging.thresholds import Aim, Reached, Wanted, operating_threshold
from training.judging.drawn import TWO, answers, one_sign, sample, validation

SIX = (one_sign(0.9, 0.8, 0.7, 0.6, 0.4, 0.2), [1, 1, 0, 1, 0, 1])


@pytest.mark.parametrize(
    ("aim", "wanted", "threshold", "precision", "recall"),
    [
        ("precision", 0.75, 0.6, (3, 4), (3, 4)),
        ("precision", 0.9, 0.8, (2, 2), (2, 4)),  # of two thresholds without a fault, the one that finds more
        ("precision", 0.6, 0.2, (4, 6), (4, 4)),
        ("recall", 1.0, 0.2, (4, 6), (4, 4)),
        ("recall", 0.7, 0.6, (3, 4), (3, 4)),
        ("recall", 0.2, 0.8, (2, 2), (2, 4)),  # recall that costs no precision is taken along
    ],
)
def test_the_threshold_reaches_what_is_wanted_and_as_much_as_it_can_of_the_other(
    aim: Aim, wanted: float, threshold: float, precision: tuple[int, int], recall: tuple[int, int]
) -> None:
    found = operating_threshold(validation(*SIX), "sign", Wanted(aim, wanted))
    assert found.threshold == pytest.approx(threshold)
    assert found.on_validation == Reached(Proportion(*precision), Proportion(*recall))


def test_it_is_said_when_no_threshold_is_good_enough() -> None:
    found = operating_threshold(validation(one_sign(0.9, 0.8, 0.3), [0, 1, 0]), "sign", Wanted("precision", 0.9))
    assert found.threshold is None
    assert found.on_validation == Reached(Proportion(1, 2), Proportion(1, 1))
    assert found.on(answers(one_sign(0.9), [1])) is None
    assert str(found) == (
        "sign: no threshold reaches precision 0.9 on validation; the nearest has precision 50.00% of 2 "
        "and recall 100.00% of 1"
    )


def test_a_class_that_validation_lacks_gets_no_threshold() -> None:
    found = operating_threshold(validation(one_sign(0.9, 0.1), [0, 0]), "sign", Wanted("recall", 0.9))
    assert (found.threshold, found.on_validation) == (None, None)
    assert str(found) == "sign: no image on validation, so no threshold for recall 0.9"


def test_equal_scores_pass_together() -> None:
    found = operating_threshold(validation(one_sign(0.5, 0.5, 0.5), [1, 0, 1]), "sign", Wanted("precision", 0.6))
    assert found.threshold == 0.5
    assert found.on_validation == Reached(Proportion(2, 3), Proportion(2, 2))


def test_what_was_chosen_on_validation_is_measured_elsewhere() -> None:
    found = operating_threshold(validation(*SIX), "sign", Wanted("precision", 0.75))
    reported = found.on(answers(one_sign(0.7, 0.65, 0.5), [1, 0, 1]))
    assert reported == Reached(Proportion(1, 2), Proportion(1, 2))
    half = Proportion(1, 2).plain("value")
    assert reported.plain() == {"precision": half, "recall": half}
    assert str(found) == (
        "sign: from 0.6000 on, precision 75.00% of 4 and recall 75.00% of 4 on validation (precision 0.75 wanted)"
    )


@given(
    st.lists(st.tuples(st.sampled_from([0.1, 0.3, 0.5, 0.7, 0.9]), st.integers(0, 1)), min_size=1), st.floats(0.01, 1)
)
def test_no_other_threshold_that_reaches_what_is_wanted_finds_more(
    images: list[tuple[float, int]], wanted: float
) -> None:
    scores, truth = [score for score, _ in images], [index for _, index in images]
    held = validation(one_sign(*scores), truth)
    found = operating_threshold(held, "sign", Wanted("precision", wanted))
    others = [replace(found, threshold=threshold).on(held) for threshold in np.unique(held.probabilities[:, 1])]
    reaching = [other.recall.value for other in others if other and other.precision.value >= wanted]
    if found.threshold is None or found.on_validation is None:
        assert sum(truth) == 0 or not reaching
    else:
        assert found.on_validation.precision.value >= wanted
        assert found.on_validation.recall.value == max(reaching)


@pytest.mark.parametrize("split", ["test", "test_shift"])
def test_nothing_can_be_chosen_on_what_is_reported(split: str) -> None:
    with pytest.raises(BadSplit, match=f"the split '{split}' is reported on; nothing is ever chosen on it"):
        Validation.read(one_sign(0.9, 0.9), [sample(1), sample(0, split=split)], TWO)
