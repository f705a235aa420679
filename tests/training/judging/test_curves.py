import numpy as np
import pytest

from roadsight_training.judging.answers import Reading
from roadsight_training.judging.curves import curves
from training.judging.drawn import answers, logits, one_sign


def test_curves_of_four_images_agree_with_hand_worked_ones() -> None:
    # By falling score: sign, other, sign, other.
    sign = curves(answers(one_sign(0.9, 0.7, 0.8, 0.3), [1, 1, 0, 0]))["sign"]
    assert sign.roc.false_positive_rate.tolist() == [0, 0, 0.5, 0.5, 1]
    assert sign.roc.true_positive_rate.tolist() == [0, 0.5, 0.5, 1, 1]
    assert sign.roc.area == 0.75
    assert sign.precision_recall.thresholds == pytest.approx([0.3, 0.7, 0.8, 0.9])
    assert sign.precision_recall.precision == pytest.approx([1 / 2, 2 / 3, 1 / 2, 1, 1])
    assert sign.precision_recall.recall == pytest.approx([1, 1, 1 / 2, 1 / 2, 0])
    assert sign.precision_recall.average_precision == pytest.approx((1 + 2 / 3) / 2)


def test_scores_that_are_all_equal_are_worth_a_guess() -> None:
    sign = curves(answers(one_sign(0.5, 0.5, 0.5, 0.5), [1, 0, 0, 0]))["sign"]
    assert sign.roc.area == 0.5
    assert sign.precision_recall.average_precision == 0.25


def test_a_class_without_images_or_without_others_has_no_curve() -> None:
    three = Reading(("a", "b", "c"))
    given = logits((0.5, 0.3, 0.2), (0.2, 0.5, 0.3))
    assert list(curves(answers(given, [0, 1], three))) == ["a", "b"]
    assert curves(answers(given, [0, 0], three)) == {}
    assert np.isinf(curves(answers(given, [0, 1], three))["a"].roc.thresholds[0])
