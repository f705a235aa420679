import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import colours
from roadsight_models.probabilities import judge, softmax, unknown


def logits(*values: float) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
    return np.array(values, np.float32)


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
    judgement = judge(logits(1, 9, 3), colours.manifest(), top=2)
    assert [p.label for p in judgement.predictions] == ["green", "blue"]
    assert judgement.status == "ok"


def test_top_zero_names_every_class_and_sums_to_one() -> None:
    judgement = judge(logits(1, 2, 3), colours.manifest(), top=0)
    assert len(judgement.predictions) == 3
    assert sum(p.probability for p in judgement.predictions) == pytest.approx(1, abs=1e-12)


def test_an_answer_under_the_published_threshold_is_uncertain() -> None:
    manifest = colours.manifest(uncertain_below=0.8)
    assert judge(logits(0, 0, np.log(7)), manifest).status == "uncertain"  # 7 / 9
    assert judge(logits(0, 0, np.log(9)), manifest).status == "ok"  # 9 / 11


def test_unknown_has_a_reason_and_no_predictions() -> None:
    judgement = unknown("region_too_small")
    assert (judgement.status, judgement.reason, judgement.predictions) == ("unknown", "region_too_small", ())
