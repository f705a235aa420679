import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import colours
from roadsight_models.judgement import Judgement
from roadsight_models.manifest import Manifest
from roadsight_models.probabilities import NOT_FINITE, judge, softmax, unknown


def logits(*values: float) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
    return np.array(values, np.float32)


def judge_one(values: "np.ndarray[tuple[int], np.dtype[np.float32]]", manifest: Manifest, top: int = 5) -> Judgement:
    (judgement,) = judge(values[None], manifest, top)
    return judgement


@given(arrays(np.float32, (3, 5), elements=st.floats(-1e4, 1e4, width=32)), st.floats(0.05, 20))
def test_probabilities_sum_to_one_whatever_the_logits(
    values: "np.ndarray[tuple[int, int], np.dtype[np.float32]]", temperature: float
) -> None:
    probabilities = softmax(values, temperature)
    np.testing.assert_allclose(probabilities.sum(axis=-1), 1, atol=1e-12)
    assert (probabilities >= 0).all()


def test_a_worked_example() -> None:
    np.testing.assert_allclose(softmax(logits(0, np.log(3))), [0.25, 0.75], rtol=1e-6)


def test_a_temperature_above_one_makes_modest() -> None:
    assert softmax(logits(0, 4), 2.0)[1] == pytest.approx(1 / (1 + np.exp(-2)))


def test_the_most_likely_class_comes_first() -> None:
    judgement = judge_one(logits(1, 9, 3), colours.manifest(), top=2)
    assert [p.label for p in judgement.predictions] == ["green", "blue"]
    assert judgement.status == "ok"


def test_top_zero_names_every_class_and_sums_to_one() -> None:
    judgement = judge_one(logits(1, 2, 3), colours.manifest(), top=0)
    assert len(judgement.predictions) == 3
    assert sum(p.probability for p in judgement.predictions) == pytest.approx(1, abs=1e-12)


def test_an_answer_under_the_published_threshold_is_uncertain() -> None:
    manifest = colours.manifest(uncertain_below=0.8)
    assert judge_one(logits(0, 0, np.log(7)), manifest).status == "uncertain"  # 7 / 9
    assert judge_one(logits(0, 0, np.log(9)), manifest).status == "ok"  # 9 / 11


def test_unknown_has_a_reason_and_no_predictions() -> None:
    judgement = unknown("region_too_small")
    assert (judgement.status, judgement.reason, judgement.predictions) == ("unknown", "region_too_small", ())


rows = arrays(np.float32, 5, elements=st.floats(-50, 50, width=32))
FIVE = colours.manifest(labels=("a", "b", "c", "d", "e"))


@given(rows, st.floats(-100, 100, width=16), st.floats(0.1, 10))
def test_a_constant_added_to_all_logits_changes_nothing(
    values: "np.ndarray[tuple[int], np.dtype[np.float32]]", constant: float, temperature: float
) -> None:
    exact = values.astype(np.float64)
    moved = softmax(exact + constant, temperature)  # type: ignore[arg-type]
    np.testing.assert_allclose(moved, softmax(exact, temperature), rtol=1e-9)  # type: ignore[arg-type]


@given(rows, st.lists(st.floats(0.05, 20), min_size=2, max_size=2).map(sorted))
def test_the_hotter_the_more_modest_and_never_another_winner(
    values: "np.ndarray[tuple[int], np.dtype[np.float32]]", temperatures: list[float]
) -> None:
    cold, hot = (softmax(values, temperature) for temperature in temperatures)
    assert hot.max() <= cold.max() + 1e-12
    assert hot.min() >= cold.min() - 1e-12
    assert hot[values.argmax()] == hot.max()


@given(arrays(np.float32, (4, 5), elements=st.floats(-50, 50, width=32)))
def test_a_row_s_probabilities_do_not_hang_on_the_other_rows(
    values: "np.ndarray[tuple[int, int], np.dtype[np.float32]]",
) -> None:
    np.testing.assert_array_equal(softmax(values, 0.7), np.stack([softmax(row, 0.7) for row in values]))


@given(rows, st.integers(0, 9))
def test_predictions_are_the_best_ones_in_order(
    values: "np.ndarray[tuple[int], np.dtype[np.float32]]", top: int
) -> None:
    predictions = judge_one(values, FIVE, top).predictions
    assert len(predictions) == (min(top, 5) or 5)
    shown = [p.probability for p in predictions]
    assert shown == sorted(softmax(values), reverse=True)[: len(shown)]
    assert all(FIVE.labels[p.index] == p.label for p in predictions)


def test_equal_classes_stand_in_the_order_of_the_labels() -> None:
    judgement = judge_one(logits(1, 2, 1, 2, 2), FIVE, top=0)
    assert [p.label for p in judgement.predictions] == ["b", "d", "e", "a", "c"]


@pytest.mark.parametrize("top", [3, 4, 43, 10**9])
def test_more_than_all_classes_are_all_classes(top: int) -> None:
    assert len(judge_one(logits(1, 2, 3), colours.manifest(), top).predictions) == 3


def test_the_largest_logits_there_are_give_probabilities() -> None:
    largest = float(np.finfo(np.float32).max)
    np.testing.assert_array_equal(softmax(logits(largest, -largest, 0), 0.05), [1, 0, 0])
    np.testing.assert_allclose(softmax(logits(largest, largest, -largest)), [0.5, 0.5, 0])
    np.testing.assert_allclose(softmax(logits(-largest, -largest, -largest)), 1 / 3)


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_graph_that_overflowed_has_judged_nothing(value: float, place: int) -> None:
    values = logits(1, 2, 3)
    values[place] = value
    assert judge_one(values, colours.manifest(uncertain_below=0.0)) == unknown(NOT_FINITE)


@pytest.mark.parametrize(
    ("threshold", "status"), [(0.0, "ok"), (0.5, "ok"), (0.500001, "uncertain"), (1.0, "uncertain")]
)
def test_the_threshold_itself_is_sure_enough(threshold: float, status: str) -> None:
    two = colours.manifest(labels=("a", "b"), uncertain_below=threshold)
    assert judge_one(logits(3, 3), two).status == status


def test_the_threshold_is_applied_to_the_calibrated_probability() -> None:
    values = logits(0, 0, np.log(8))  # 0.8 as it is, 0.59 at temperature 2
    assert judge_one(values, colours.manifest(uncertain_below=0.7)).status == "ok"
    assert judge_one(values, colours.manifest(uncertain_below=0.7, temperature=2.0)).status == "uncertain"


def test_how_many_are_shown_does_not_change_the_status() -> None:
    assert {judge_one(logits(0, 0, 1), colours.manifest(), top).status for top in range(4)} == {"uncertain"}


def test_a_judgement_can_be_written_as_json() -> None:
    (best, *_) = judge_one(logits(0, 0, 1), colours.manifest()).predictions
    assert (type(best.index), type(best.probability), type(best.label)) == (int, float, str)


def test_the_logits_stay_as_they_are() -> None:
    values = logits(1, 2, 3)
    judge_one(values, colours.manifest())
    np.testing.assert_array_equal(values, [1, 2, 3])


def test_a_tie_of_all_classes_is_in_the_order_of_the_labels_however_many() -> None:
    many = colours.manifest(labels=tuple(f"label_{i}" for i in range(43)))
    judgement = judge_one(np.zeros(43, np.float32), many, top=0)
    assert [p.index for p in judgement.predictions] == list(range(43))


@given(arrays(np.float32, (4, 5), elements=st.floats(width=32)), st.integers(0, 6))
def test_a_region_is_judged_alike_whatever_stands_beside_it(
    values: "np.ndarray[tuple[int, int], np.dtype[np.float32]]", top: int
) -> None:
    assert judge(values, FIVE, top) == tuple(judge_one(row, FIVE, top) for row in values)


def test_of_nothing_nothing_is_said() -> None:
    assert judge(np.empty((0, 5), np.float32), FIVE) == ()
