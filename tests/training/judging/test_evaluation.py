import json
from dataclasses import astuple

import numpy as np
import pytest

from roadsight_training.errors import BadAnswers
from roadsight_training.judging.answers import Reading
from roadsight_training.judging.evaluation import measure
from roadsight_training.judging.intervals import Proportion
from training.judging.drawn import MANIFEST, TWO, logits, one_sign, sample

# Truth a a a b c, guesses a a b b b; class d is not in the split and must not count.
GIVEN = logits(
    (0.7, 0.1, 0.1, 0.1),
    (0.9, 0.05, 0.03, 0.02),
    (0.3, 0.5, 0.1, 0.1),
    (0.2, 0.7, 0.05, 0.05),
    (0.1, 0.8, 0.06, 0.04),
)
TRUTH = [sample(0), sample(0), sample(0, "roi"), sample(1, "roi"), sample(2)]


def test_figures_agree_with_hand_worked_ones() -> None:
    report = measure(GIVEN, TRUTH, MANIFEST)
    assert (report.n, report.top1) == (5, Proportion(3, 5))
    # Recall 2/3, 1, 0; precision 1, 1/3, 0; F1 0.8, 0.5, 0.
    assert astuple(report.macro) == pytest.approx(((1 + 1 / 3 + 0) / 3, (2 / 3 + 1 + 0) / 3, (0.8 + 0.5 + 0) / 3))
    assert (report.macro_f1, report.mean_recall) == (report.macro.f1, report.macro.recall)
    assert astuple(report.micro) == pytest.approx((0.6, 0.6, 0.6))
    assert report.confusion.tolist() == [[2, 1, 0, 0], [0, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]]
    # Every truth is among the three likeliest; of 4 classes there is no top-5.
    assert report.top_k == {1: Proportion(3, 5), 3: Proportion(5, 5)}
    assert {kind: part.top1 for kind, part in report.per_kind.items()} == {
        "full": Proportion(2, 3), "roi": Proportion(1, 2),
    }  # fmt: skip
    # All but the third answer reach 0.6; three of those four are right.
    assert (report.covered, report.confident) == (Proportion(4, 5), Proportion(3, 4))
    assert [(wrong.sample, wrong.truth, wrong.guess) for wrong in report.mistakes] == [(4, "c", "b"), (2, "a", "b")]


def test_accuracy_hides_that_the_one_positive_of_a_thousand_was_missed() -> None:
    truth = [sample(1), *(sample(0) for _ in range(999))]
    report = measure(one_sign(*[0.1] * 1000), truth, TWO)
    assert report.top1 == Proportion(999, 1000)  # 99.9 %
    sign = report.per_class["sign"]
    assert sign.recall == Proportion(0, 1)
    assert sign.precision == Proportion(0, 0)  # never guessed: undefined
    assert sign.f1 == 0
    assert report.mean_recall == 0.5
    assert astuple(report.macro) == pytest.approx((0.999 / 2, 0.5, 999 / 1999))
    assert report.curves["sign"].roc.area == 0.5
    assert report.curves["sign"].precision_recall.average_precision == pytest.approx(0.001)
    figures = json.loads(json.dumps(report.figures(), allow_nan=False))
    assert figures["top1"] == 0.999
    assert figures["per_class"]["sign"] == {
        "recall": 0.0, "interval": list(sign.recall.interval), "n": 1, "precision": None,
        "precision_interval": [0.0, 1.0], "guessed": 0, "f1": 0.0, "average_precision": 0.001, "roc_auc": 0.5,
    }  # fmt: skip


def test_classes_with_too_few_images_are_in_no_macro_figure() -> None:
    report = measure(GIVEN, TRUTH, MANIFEST, min_support=3)
    assert astuple(report.macro) == pytest.approx((1.0, 2 / 3, 0.8))  # of class a alone
    assert report.mean_average_precision == report.curves["a"].precision_recall.average_precision
    assert report.per_kind["full"].mean_recall is None
    assert report.top1 == Proportion(3, 5)
    with pytest.raises(BadAnswers, match="no class has 4 images or more"):
        measure(GIVEN, TRUTH, MANIFEST, min_support=4)


def test_one_image_is_judged_and_what_it_can_not_tell_is_null() -> None:
    figures = measure(logits((0.7, 0.1, 0.1, 0.1)), [sample(0)], MANIFEST).figures()
    assert (figures["n"], figures["top1"], figures["macro_f1"], figures["mean_recall"]) == (1, 1.0, 1.0, 1.0)
    assert (figures["mean_roc_auc"], figures["mean_average_precision"]) == (None, None)
    assert figures["per_size"] == {}
    json.dumps(figures, allow_nan=False)


def test_of_equally_likely_classes_the_first_is_taken_as_the_service_does() -> None:
    flat = np.zeros((2, 43), np.float32)
    report = measure(flat, [sample(0), sample(2)], Reading(tuple(map(str, range(43)))))
    assert report.top_k == {1: Proportion(1, 2), 3: Proportion(2, 2), 5: Proportion(2, 2)}


def test_nothing_that_is_sure_enough_leaves_the_accuracy_of_sure_answers_undefined() -> None:
    report = measure(one_sign(0.4, 0.6), [sample(0), sample(1)], Reading(TWO.labels, uncertain_below=0.9))
    assert report.figures()["coverage"] == 0
    assert report.figures()["selective_accuracy"] is None


def test_a_diverged_network_is_told_as_one() -> None:
    broken = logits((0.5, 0.5), (0.5, 0.5))
    broken[1, 0] = np.nan
    with pytest.raises(BadAnswers, match="1 of 2 answers have logits that are not finite: the network diverged"):
        measure(broken, [sample(0), sample(1)], TWO)
    with pytest.raises(BadAnswers, match="no answer to judge"):
        measure(broken[:0], [], TWO)
