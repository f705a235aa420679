"""Figures of certificates that were made up by hand."""

import json
import math
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

import colours
from roadsight_models.errors import BadParameter
from roadsight_training.attacking.journal import Journal
from roadsight_training.certifying.asked import Asked
from roadsight_training.certifying.figures import Certified, figures
from roadsight_training.certifying.page import curve_plot
from roadsight_training.judging.intervals import Proportion

SIGMA = 0.25
HEADER: dict[str, Any] = {
    **{"bundle": "colours 1.0.0", "split": "test", "precision": "float32", "source": "none", "seed": 0},
    **{"sigma": SIGMA, "samples": 500, "alpha": 0.001, "choosing": 100, "values": 768, "n": 5},
}


def journal() -> Journal:
    """Two red pictures proven, a red one abstained, a green one proven, a blue one proven to be red."""
    lines = [
        {"chunk": 0, "truth": [0, 0, 0], "plain": [0, 0, 0], "label": [0, 0, None], "radius": [0.5, 0.1, 0.0]},
        {"chunk": 1, "truth": [1, 2], "plain": [0, 2], "label": [1, 0], "radius": [0.25, 0.5]},
    ]
    return Journal(Path("run"), HEADER, dict(enumerate(lines)), {0: [6.0], 1: [4.0]})


def told() -> dict[str, Any]:
    found = figures(Certified.read(journal()), colours.LABELS)
    json.dumps(found, allow_nan=False)
    return found


def test_a_share_is_of_all_pictures_and_only_what_is_right_and_proven_counts() -> None:
    found = told()
    assert found["smoothed"] == Proportion(3, 5).plain("certified")
    assert found["abstained"]["share"] == pytest.approx(1 / 5)
    assert found["plain"]["top1"] == pytest.approx(4 / 5)
    at = {point["radius"]: point["certified"] for point in found["curve"]}
    assert list(at) == [0.0625 * number for number in range(9)]  # 0.5 is the last below what 500 can prove
    assert [at[radius] for radius in (0.0, 0.0625, 0.125, 0.25, 0.3125, 0.5)] == pytest.approx(
        [3 / 5, 3 / 5, 2 / 5, 2 / 5, 1 / 5, 1 / 5]
    )


def test_the_ball_of_linf_within_is_told_beside_the_radius() -> None:
    for point in told()["curve"]:
        assert point["linf"] == pytest.approx(point["radius"] / math.sqrt(768))


def test_radii_are_over_all_pictures_and_what_is_not_right_counts_nothing() -> None:
    assert told()["radius"] == {
        "mean": pytest.approx((0.5 + 0.1 + 0.25) / 5),
        "median": pytest.approx(0.1),
        "largest": pytest.approx(SIGMA * NormalDist().inv_cdf(0.001 ** (1 / 500))),
    }


def test_each_class_is_told_alone_and_so_is_the_cost() -> None:
    found = told()
    assert list(found["per_class"]) == ["red", "green", "blue"]
    red, blue = found["per_class"]["red"], found["per_class"]["blue"]
    assert (red["n"], red["plain"], red["certified"], red["median_radius"]) == (3, 1, pytest.approx(2 / 3), 0.1)
    assert (blue["certified"], blue["median_radius"]) == (0, 0)
    assert found["spent"] == {"queries": 601, "seconds": 2.0}


def test_the_curve_is_the_table_s_and_falls() -> None:
    certified = Certified.read(journal())
    found = figures(certified, colours.LABELS)
    (axes,) = curve_plot(certified, found).axes
    x, y = np.asarray(axes.get_lines()[0].get_xydata()).T
    assert (np.diff(y) <= 0).all() and (np.diff(x) >= 0).all()
    assert (y[0], y[-1]) == (pytest.approx(3 / 5), 0)
    assert "lower bound" in axes.get_ylabel()


def test_a_run_that_is_not_finished_has_no_figures() -> None:
    half = journal()
    del half.done[1]
    with pytest.raises(ValueError, match="not finished"):
        Certified.read(half)


@pytest.mark.parametrize("lost", [0, 1])
def test_whichever_chunk_is_missing_the_run_is_not_finished(lost: int) -> None:
    half = journal()
    del half.done[lost]
    with pytest.raises(ValueError, match="run: the run is not finished"):
        Certified.read(half)


def test_chunks_are_put_in_order_however_they_came() -> None:
    turned = journal()
    turned.done = dict(reversed(turned.done.items()))
    assert Certified.read(turned).truth.tolist() == [0, 0, 0, 1, 2]


def test_a_run_that_proves_nothing_has_all_its_figures() -> None:
    nothing = journal()
    for line in nothing.done.values():
        line["label"] = [None] * len(line["truth"])
        line["radius"] = [0.0] * len(line["truth"])
    certified = Certified.read(nothing)
    found = figures(certified, colours.LABELS)
    assert (found["smoothed"]["certified"], found["abstained"]["share"]) == (0, 1)
    assert {point["certified"] for point in found["curve"]} == {0}
    assert (found["radius"]["mean"], found["radius"]["median"]) == (0, 0)
    (axes,) = curve_plot(certified, found).axes
    assert np.asarray(axes.get_lines()[0].get_ydata()).max() == 0


@pytest.mark.parametrize(
    ("changes", "name"),
    [({"sigma": 0.0}, "sigma"), ({"sigma": 1.1}, "sigma"), ({"alpha": 1.0}, "alpha"), ({"samples": 9}, "n")],
)
def test_what_could_prove_nothing_is_refused_when_it_is_asked(changes: dict[str, Any], name: str) -> None:
    given: dict[str, Any] = {"sigma": SIGMA, "samples": 10, "alpha": 0.001}
    given |= {"n": 5, "split": "test", "precision": "float32", "seed": 0}
    assert Asked(**given).smoothing.n == 10  # the least that can: 2^-10 is under 0.001
    with pytest.raises(BadParameter, match=f"^{name}: "):
        Asked(**given | changes)
