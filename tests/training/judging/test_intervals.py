import math

import numpy as np
import pytest

from roadsight_training.judging.intervals import Proportion, between_tracks


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(8, 10, 0.4902, 0.9433), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (0, 0, 0.0, 1.0)],
)
def test_wilson_intervals(hits: int, n: int, low: float, high: float) -> None:
    assert Proportion(hits, n).interval == pytest.approx((low, high), abs=1e-4)


def test_a_proportion_of_nothing_is_null() -> None:
    assert Proportion.of(np.zeros(0, bool)).plain("recall") == {"recall": None, "interval": [0.0, 1.0], "n": 0}
    assert Proportion.of(np.array([True, False])).plain("recall")["recall"] == 0.5


def test_tracks_that_fail_as_a_whole_widen_the_interval() -> None:
    truth = np.zeros(400, np.int64)
    guess = np.repeat([0] * 36 + [1] * 4, 10)  # 40 tracks of 10 images, 4 of them wrong from end to end
    present = np.array([0])
    by_track = between_tracks(truth, guess, [f"track {i // 10}" for i in range(400)], present)
    by_image = between_tracks(truth, guess, [f"image {i}" for i in range(400)], present)
    assert by_image["top1"] == pytest.approx(Proportion(360, 400).interval, abs=0.01)
    (low, high), (near, far) = by_track["top1"], by_image["top1"]
    assert low < near < 0.9 < far < high
    assert low == pytest.approx(0.9 - 1.96 * math.sqrt(0.9 * 0.1 / 40), abs=0.03)


def test_every_class_keeps_its_tracks_in_every_resample() -> None:
    truth = np.array([0] * 50 + [1] * 2)
    spread = between_tracks(truth, truth, [str(i) for i in range(52)], np.array([0, 1]))
    assert spread == {"top1": (1.0, 1.0), "macro_f1": (1.0, 1.0), "mean_recall": (1.0, 1.0)}


def test_a_class_that_does_not_count_spreads_top1_alone() -> None:
    truth, guess = np.array([0] * 50 + [1] * 4), np.array([0] * 50 + [1, 1, 0, 0])
    spread = between_tracks(truth, guess, [str(i) for i in range(54)], np.array([0]))
    assert spread["mean_recall"] == (1.0, 1.0)
    assert spread["top1"][0] < 52 / 54 < spread["top1"][1]


def test_a_scene_of_several_classes_that_is_not_drawn_is_no_failure() -> None:
    truth = np.array([1, 0, 0, 0])
    spread = between_tracks(truth, truth, ["both", "both", "second", "third"], np.array([0, 1]))
    assert spread["mean_recall"] == (1.0, 1.0)
