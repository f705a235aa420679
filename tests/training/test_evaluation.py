import math

import numpy as np
import pytest

from roadsight_models.manifest import CropRule, Manifest, Parity, Provenance
from roadsight_training.calibration import choose_threshold, fit_temperature
from roadsight_training.datasets import Sample
from roadsight_training.evaluation import measure
from roadsight_training.intervals import Proportion, between_tracks

MANIFEST = Manifest(
    name="drawn", version="1.0.0", task="drawn", architecture="none", labels=("a", "b", "c", "d"),
    input=CropRule(width=8, height=8, context=0, resize="area_or_linear", min_side=8), opset=18, temperature=1,
    uncertain_below=0.6, golden_tolerance=1e-3, parity=Parity(max_difference=0, n=1), metrics=(), licence="none",
    provenance=Provenance(data="", weights="", code="", recipe=""), files={},
)  # fmt: skip


def sample(index: int, kind: str = "full") -> Sample:
    return Sample("", index, None, "test", kind, "", "", "")


def logits(*rows: tuple[float, ...]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Logits whose softmax gives these probabilities."""
    return np.log(np.array(rows, np.float32))


def test_figures_agree_with_hand_worked_ones() -> None:
    # Truth a a a b c, guesses a a b b b; class d is not in the split and must not count.
    given = logits(
        (0.7, 0.1, 0.1, 0.1),
        (0.9, 0.05, 0.03, 0.02),
        (0.3, 0.5, 0.1, 0.1),
        (0.2, 0.7, 0.05, 0.05),
        (0.1, 0.8, 0.05, 0.05),
    )
    truth = [sample(0), sample(0), sample(0, "roi"), sample(1, "roi"), sample(2)]
    report = measure(given, truth, MANIFEST)
    assert (report.n, report.top1) == (5, Proportion(3, 5))
    # Recall 2/3, 1, 0; precision 1, 1/3, 0; F1 0.8, 0.5, 0.
    assert report.mean_recall == pytest.approx((2 / 3 + 1 + 0) / 3)
    assert report.macro_f1 == pytest.approx((0.8 + 0.5 + 0) / 3)
    assert report.per_class == {"a": Proportion(2, 3), "b": Proportion(1, 1), "c": Proportion(0, 1)}
    assert report.per_kind == {"full": Proportion(2, 3), "roi": Proportion(1, 2)}
    # All but the third answer reach 0.6; three of those four are right.
    assert (report.covered, report.confident) == (Proportion(4, 5), Proportion(3, 4))
    # Bins: two answers at 0.7 (both right), and 0.9 (right), 0.5 (wrong), 0.8 (wrong) alone.
    assert report.ece == pytest.approx((2 * 0.3 + 0.1 + 0.5 + 0.8) / 5, abs=1e-6)


def test_the_names_at_the_top_of_the_json_are_stable_and_plain() -> None:
    figures = measure(logits((0.7, 0.1, 0.1, 0.1)), [sample(0)], MANIFEST).figures()
    assert figures["n"] == 1
    assert all(isinstance(figures[name], float) for name in ("top1", "macro_f1", "mean_recall"))
    assert figures["per_kind"] == {"full": {"top1": 1.0, "interval": figures["top1_interval"], "n": 1}}


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(8, 10, 0.4902, 0.9433), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (0, 0, 0.0, 1.0)],
)
def test_wilson_intervals(hits: int, n: int, low: float, high: float) -> None:
    assert Proportion(hits, n).interval == pytest.approx((low, high), abs=1e-4)


def test_tracks_that_fail_as_a_whole_widen_the_interval() -> None:
    truth = np.zeros(400, np.int64)
    guess = np.repeat([0] * 36 + [1] * 4, 10)  # 40 tracks of 10 images, 4 of them wrong from end to end
    by_track = between_tracks(truth, guess, [f"track {i // 10}" for i in range(400)])
    by_image = between_tracks(truth, guess, [f"image {i}" for i in range(400)])
    assert by_image["top1"] == pytest.approx(Proportion(360, 400).interval, abs=0.01)
    (low, high), (near, far) = by_track["top1"], by_image["top1"]
    assert low < near < 0.9 < far < high
    assert low == pytest.approx(0.9 - 1.96 * math.sqrt(0.9 * 0.1 / 40), abs=0.03)


def test_every_class_keeps_its_tracks_in_every_resample() -> None:
    truth = np.array([0] * 50 + [1] * 2)
    spread = between_tracks(truth, truth, [str(i) for i in range(52)])
    assert spread == {"top1": (1.0, 1.0), "macro_f1": (1.0, 1.0), "mean_recall": (1.0, 1.0)}


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
