import math

import numpy as np
import pytest

from roadsight_training.judging.calibration import calibration, choose_threshold, fit_temperature
from roadsight_training.judging.intervals import Proportion
from training.judging.drawn import answers, logits, one_sign


def test_calibration_agrees_with_hand_worked_figures() -> None:
    # Confidence and right: 0.9 yes, 0.9 no, 0.7 yes, 0.6 yes.
    found = calibration(answers(one_sign(0.9, 0.9, 0.3, 0.6), [1, 0, 0, 1]))
    # In 15 bins: two answers at 0.9 of which half are right, and 0.7 and 0.6 alone.
    assert found.ece == pytest.approx((2 * 0.4 + 0.3 + 0.4) / 4, abs=1e-6)
    # Over both classes, so twice the square of what the truth lacks.
    assert found.brier == pytest.approx(2 * (0.1**2 + 0.9**2 + 0.3**2 + 0.4**2) / 4, abs=1e-6)
    assert found.nll == pytest.approx(-math.log(0.9 * 0.1 * 0.7 * 0.6) / 4, abs=1e-6)


def test_the_reliability_diagram_adds_up_to_the_calibration_error() -> None:
    rng = np.random.default_rng(0)
    given = answers(rng.normal(0, 2, (500, 2)).astype(np.float32), rng.integers(0, 2, 500).tolist())
    found = calibration(given)
    assert [(column.low, column.high) for column in found.bins] == [
        pytest.approx((i / 15, (i + 1) / 15)) for i in range(15)
    ]
    assert found.bins[0].confidence is None  # of two classes the likelier has a half at least
    assert found.bins[0].accuracy == Proportion(0, 0)
    assert sum(column.accuracy.n for column in found.bins) == 500
    gaps = [
        column.accuracy.n * abs(column.accuracy.value - column.confidence)
        for column in found.bins
        if column.confidence is not None
    ]
    assert found.ece == pytest.approx(sum(gaps) / 500, abs=1e-6)


def test_full_certainty_falls_into_the_last_column() -> None:
    found = calibration(answers(np.array([[0, 800], [800, 0]], np.float32), [1, 0]))
    assert (found.ece, found.bins[-1].accuracy, found.bins[-1].confidence) == (0, Proportion(2, 2), 1)
    assert found.brier == 0


def test_the_temperature_undoes_a_known_exaggeration() -> None:
    rng = np.random.default_rng(0)
    honest = rng.normal(0, 2, (20_000, 4)).astype(np.float32)
    chances = np.exp(honest) / np.exp(honest).sum(1, keepdims=True)
    truth = (chances.cumsum(1) > rng.random((20_000, 1))).argmax(1)
    assert fit_temperature(honest * 3, truth) == pytest.approx(3, rel=0.05)


def test_all_right_answers_do_not_drive_the_temperature_to_nothing() -> None:
    found = fit_temperature(logits((0.9, 0.1), (0.2, 0.8)), np.array([0, 1]))
    assert 0.05 <= found < 1
    assert math.isfinite(found)


def test_the_threshold_lets_99_percent_pass() -> None:
    top = np.linspace(0.5, 0.999, 1000, dtype=np.float32)
    given = np.log(np.stack([top, 1 - top], axis=1))
    threshold = choose_threshold(given, 1.0)
    assert (top >= threshold - 1e-7).mean() == pytest.approx(0.99, abs=0.0015)
