from dataclasses import astuple

import pytest

from roadsight_training.judging.answers import Reading
from roadsight_training.judging.intervals import Proportion
from roadsight_training.judging.per_class import ClassFigures, averages, of_classes
from training.judging.drawn import answers, logits

FOUR = Reading(("a", "b", "c", "d"))
# Truth a a a c, guesses a a b b: b is guessed and absent, c is there and never guessed, d neither.
GIVEN = answers(
    logits((0.7, 0.1, 0.1, 0.1), (0.7, 0.1, 0.1, 0.1), (0.1, 0.7, 0.1, 0.1), (0.1, 0.7, 0.1, 0.1)), [0, 0, 0, 2], FOUR
)


def test_undefined_is_told_from_nought() -> None:
    assert of_classes(GIVEN) == {
        "a": ClassFigures(precision=Proportion(2, 2), recall=Proportion(2, 3), f1=0.8),
        "b": ClassFigures(precision=Proportion(0, 2), recall=Proportion(0, 0), f1=0.0),
        "c": ClassFigures(precision=Proportion(0, 0), recall=Proportion(0, 1), f1=0.0),
        "d": ClassFigures(precision=Proportion(0, 0), recall=Proportion(0, 0), f1=None),
    }


def test_macro_averages_are_over_the_classes_present_and_micro_ones_over_images() -> None:
    macro, micro = averages(GIVEN, min_support=1)
    assert astuple(macro) == pytest.approx((0.5, 1 / 3, 0.4))
    assert astuple(micro) == (0.5, 0.5, 0.5)


def test_only_classes_with_enough_images_count() -> None:
    macro, micro = averages(GIVEN, min_support=3)
    assert astuple(macro) == pytest.approx((1.0, 2 / 3, 0.8))
    assert micro.recall == 0.5
