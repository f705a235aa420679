"""Figures of a run that was made up by hand."""

import json
from typing import Any

import numpy as np
import pytest

import colours
from roadsight_models.robustness.epsilons import read_epsilon, shown
from roadsight_models.robustness.masking import MaskingCheck
from roadsight_training.attacking.figures import figures
from roadsight_training.attacking.pictures import magnified
from roadsight_training.attacking.results import Results
from roadsight_training.judging.intervals import Proportion
from training.attacking.made_up import journal


def told(**more: Any) -> dict[str, Any]:
    given: dict[str, Any] = {"checks": None, "stress": []} | more
    return figures(Results.read(journal()), colours.LABELS, given["checks"], given["stress"])


def test_what_withstood_is_told_with_its_interval_and_cost() -> None:
    found = told()
    assert found["clean"]["top1"] == pytest.approx(5 / 6)
    eight, sixteen = found["curve"]
    assert (eight["robust"], sixteen["robust"]) == (pytest.approx(4 / 6), pytest.approx(1 / 6))
    assert eight["interval"] == list(Proportion(4, 6).interval)
    assert eight["spent"] == {"steps": 4.0, "queries": pytest.approx(40 / 6), "seconds": 0.5}
    assert [(stage["attack"], stage["faced"], stage["broke"]) for stage in sixteen["stages"]] == [
        ("weak", 6, 1),
        ("strong", 6, 3),
    ]


def test_the_median_is_of_the_nearest_broken_picture_of_those_named_rightly() -> None:
    assert told()["distortion"] == {"norm": "linf", "median": 0.05, "broken": 4, "n": 5}  # .01 .04 .05 .06 never


def test_a_median_that_half_of_them_do_not_have_is_null() -> None:
    mild = journal()
    for line in mild.done.values():
        line["at"][1] = line["at"][0]
    found = figures(Results.read(mild), colours.LABELS, None, [])
    assert found["distortion"] == {"norm": "linf", "median": None, "broken": 1, "n": 5}
    json.dumps(found, allow_nan=False)


def test_each_class_is_told_alone() -> None:
    per_class = told()["per_class"]
    assert list(per_class) == ["red", "green", "blue"]
    assert [at["robust"] for at in per_class["red"]["at"]] == [pytest.approx(2 / 3), pytest.approx(1 / 3)]
    assert [at["robust"] for at in per_class["blue"]["at"]] == [0, 0]
    assert (per_class["blue"]["n"], per_class["blue"]["clean"]) == (1, 0)


def test_what_turns_into_what_is_counted_without_what_was_wrong_before() -> None:
    eight, sixteen = told()["turned"]
    assert eight == {"epsilon": "8/255", "pairs": [{"truth": "red", "guess": "green", "images": 1, "of": 3}]}
    assert [(pair["truth"], pair["guess"], pair["images"]) for pair in sixteen["pairs"]] == [
        ("red", "green", 2),
        ("green", "red", 1),
        ("green", "blue", 1),
    ]


def test_one_check_that_does_not_hold_is_a_sign() -> None:
    fine, odd = MaskingCheck("one", {"a": 0.5}, True), MaskingCheck("other", {"b": 0.5}, False)
    assert told(checks=[fine])["masked"] is False
    assert told(checks=[fine, odd])["masked"] is True
    assert told()["masked"] is None
    assert told(checks=[odd])["checks"] == [{"name": "other", "figures": {"b": 0.5}, "holds": False}]


def test_corruptions_come_with_their_mean_error() -> None:
    rows = [
        {"name": name, "level": level, "unit": unit, "top1": top1, "n": 9}
        for name, level, unit, top1 in (
            *(("fog", 1, "severity", 0.9), ("fog", 2, "severity", 0.7)),
            *(("snow", 1, "severity", 0.5), ("snow", 2, "severity", 0.1)),
            *(("jpeg", 70, "quality", 0.0), ("low_light", 1, "severity", 0.0)),
        )
    ]
    found = told(stress=rows)["corruptions"]
    assert list(found["errors"]) == ["fog", "snow", "low_light"]
    assert found["errors"]["fog"] == {"1": pytest.approx(0.1), "2": pytest.approx(0.3)}
    assert found["means"] == {"fog": pytest.approx(0.2), "snow": pytest.approx(0.7), "low_light": 1}
    assert (found["mce"], found["n"]) == (pytest.approx(0.45), 9)  # of ImageNet-C's
    assert told()["corruptions"] is None


def test_a_run_that_is_not_finished_has_no_figures() -> None:
    half = journal()
    del half.done[1]
    with pytest.raises(ValueError, match="not finished"):
        Results.read(half)


@pytest.mark.parametrize(
    ("epsilon", "norm", "text"),
    [
        (8 / 255, "linf", "8/255"),
        (0.03, "linf", "0.03"),
        (8 / 255, "l2", str(8 / 255)),
        (0.5, "l2", "0.5"),
        (1, None, "-"),
    ],
)
def test_an_epsilon_is_shown_as_the_command_reads_it(epsilon: float, norm: str | None, text: str) -> None:
    assert shown(epsilon, norm) == text
    assert norm is None or read_epsilon(text) == epsilon


def test_a_change_is_magnified_around_grey() -> None:
    clean = np.full((2, 2, 3), 100, np.uint8)
    other = clean.copy()
    other[0, 0, 0], other[1, 1, 2] = 102, 99
    shown_change = magnified(clean, other)
    assert shown_change[0, 0, 0] == 255
    assert shown_change[1, 1, 2] == 64
    assert set(np.unique(np.delete(shown_change.ravel(), [0, 11]))) == {128}
    assert set(np.unique(magnified(clean, clean))) == {128}
