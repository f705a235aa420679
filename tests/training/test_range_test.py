import re
from pathlib import Path

import numpy as np
import pytest

from roadsight_models import cli
from roadsight_training import loggers
from roadsight_training.datasets import Dataset, open_dataset
from roadsight_training.errors import Diverged
from roadsight_training.fit import fit
from roadsight_training.judging.history import read_history
from roadsight_training.range_test import HIGHEST, LOWEST, SKIPPED, RangeTest, draw, range_test
from roadsight_training.recipe import Augment, Recipe
from training import tiny

FIT: dict[str, object] = {
    "batch_size": 8,
    "learning_rate": 0.01,
    "average_decay": 0,
    "schedule": "constant",
    "warm_up": 0,
}
STEPS = 60


def recipe(**asked: object) -> Recipe:
    return Recipe.model_validate(tiny.asked(fit=FIT | asked))


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return open_dataset(tiny.learnable(tmp_path_factory.mktemp("range") / "data"))


@pytest.fixture(scope="module")
def found(dataset: Dataset) -> RangeTest:
    return range_test(recipe(), dataset, STEPS)


def test_the_rate_rises_by_the_same_factor_from_step_to_step(found: RangeTest) -> None:
    ratios = found.rates[1:] / found.rates[:-1]
    np.testing.assert_allclose(ratios, (HIGHEST / LOWEST) ** (1 / STEPS), rtol=0.05)
    assert 1e-6 < found.rates[0] < found.rates[-1] <= HIGHEST
    assert len(found.rates) == len(found.losses) <= STEPS - SKIPPED


def test_the_suggestion_is_where_the_loss_falls_and_below_where_it_is_lowest(found: RangeTest) -> None:
    at = found.steepest
    assert found.losses[at + 1] < found.losses[at - 1]
    assert found.suggestion == found.rates[at] <= found.rates[found.lowest]


def test_training_at_the_suggestion_learns_and_far_below_it_does_not(
    found: RangeTest, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loggers, "find_spec", lambda name: None)

    def trained_at(rate: float) -> float:
        path = tiny.recipe(tmp_path / f"{rate:.2g}.yaml", fit=FIT | {"learning_rate": rate})
        return read_history(fit(path, dataset, path.with_suffix("")).logs)["fit_loss"].values[-1]

    at_it = trained_at(found.suggestion)
    assert at_it < 0.5 * found.losses[0]
    assert trained_at(found.suggestion / 1000) > 0.8 * found.losses[0]


def test_where_the_rate_is_too_low_to_learn_the_curve_is_flat(dataset: Dataset) -> None:
    # Of one batch with all pictures as they are, the loss differs from step to step by what is learnt alone.
    ranges = ("margin", "mirror", "small_side")
    as_they_are = {name: 0 for name in Augment.model_fields if name not in ranges} | {"margin": (0, 0)}
    asked = recipe(batch_size=48, optimiser="sgd")
    still = range_test(asked.model_copy(update={"augment": Augment.model_validate(as_they_are)}), dataset, STEPS)
    assert still.losses[:5] == pytest.approx([still.losses[0]] * 5, rel=5e-3)


def test_the_steepest_fall_is_found_over_the_logarithm_of_the_rate() -> None:
    test = RangeTest(np.logspace(-5, 0, 6), np.array([2.0, 1.9, 1.5, 0.7, 0.6, 3.0]))
    assert test.suggestion == pytest.approx(1e-3)
    assert test.rates[test.lowest] == pytest.approx(0.1)


def test_a_loss_that_leaps_and_falls_back_suggests_no_rate_beyond_the_leap() -> None:
    test = RangeTest(np.logspace(-5, 2, 8), np.array([2.0, 1.9, 1.5, 1.0, 0.9, 9.0, 8.0, 1.0]))
    assert test.suggestion == pytest.approx(1e-3)


def test_a_loss_that_is_no_number_from_the_start_is_told(dataset: Dataset) -> None:
    with pytest.raises(Diverged, match="the loss is no finite number"):
        range_test(recipe(l1=1e300), dataset, 20)


def test_the_drawing_marks_the_suggestion_on_the_curve(found: RangeTest) -> None:
    (axes,) = draw(found, "a title").axes
    curve, mark = axes.lines
    assert np.array_equal(np.array(curve.get_xydata()), np.column_stack((found.rates, found.losses)))
    assert np.array_equal(np.array(mark.get_xydata()), [[found.suggestion, found.losses[found.steepest]]])


def test_find_lr_says_the_line_of_the_recipe_and_nothing_but_its_finding(
    dataset: Dataset, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path, png = tiny.recipe(tmp_path / "tiny.yaml", fit=FIT), tmp_path / "found.png"
    with pytest.raises(SystemExit) as ended:
        asked = ("find-lr", path, "--data", dataset.folder, "--out", png, "--steps", 30)
        cli.main([str(word) for word in asked])
    said, noise = capfd.readouterr()
    assert (ended.value.code, noise) == (0, "")
    first, second, third = said.splitlines()
    line = re.fullmatch(r"(fit\.learning_rate: \S+)   \(the recipe has 0\.01\)", first)
    assert line is not None
    assert 1e-6 < float(line[1].split()[1]) < 10
    assert "adamw, batches of 8, mlp" in second
    assert third == f"drawn: {png}"
    assert png.read_bytes().startswith(b"\x89PNG")
