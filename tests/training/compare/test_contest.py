"""Two small networks compete on a tiny drawn set, each in a process of its own."""

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from roadsight_models.providers import open_graph
from roadsight_training.compare.compete import GRAPH, LOG, Rules, compete
from roadsight_training.compare.contest import check, contest, timed
from roadsight_training.compare.page import write_page
from roadsight_training.compare.result import NAME, Result, load_all, save_all
from roadsight_training.errors import BadDataset, BadRecipe, BadRun, TrainingError
from roadsight_training.networks import build
from roadsight_training.recipe import read
from roadsight_training.run import open_run
from training.tiny import gtsrb_row, learnable, packed, recipe

BASE: dict[str, dict[str, object]] = {
    "input": {"width": 32, "height": 32},
    "network": {"name": "logistic"},
    "fit": {"epochs": 1, "learning_rate": 0.002, "average_decay": 0.9},
}
BUDGET = 2.0


@pytest.fixture(scope="module")
def recipes(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("recipes")
    recipe(folder / "base.yaml", name="base", **BASE)
    paths = [folder / "logistic.yaml", folder / "lenet5.yaml"]
    for path in paths:
        size = "{width: 32, height: 32}" if path.stem == "lenet5" else "{width: 24, height: 40}"  # each has its own
        path.write_text(f"extends: base.yaml\nname: {path.stem}\ninput: {size}\nnetwork: {{name: {path.stem}}}\n")
    return paths


@pytest.fixture(scope="module")
def rules(recipes: list[Path]) -> Rules:
    data = learnable(recipes[0].parent / "data")
    return Rules(data, recipes[0].parent / "out", BUDGET, split="test", threads=1)


@pytest.fixture(scope="module")
def results(recipes: list[Path], rules: Rules) -> dict[str, Result]:
    return {result.name: result for result in contest(recipes, rules, workers=2)}


def test_every_network_trains_for_its_budget_and_is_measured_on_the_split(
    results: dict[str, Result], rules: Rules
) -> None:
    assert set(results) == {"logistic", "lenet5"}
    for name, result in results.items():
        run = open_run(rules.out / name / "run")
        assert run.recipe.fit.epochs == result.epochs > 1
        # 48 pictures are trained on, in batches of 16; every round has a whole number of steps.
        assert result.steps == pytest.approx(result.epochs * 3, abs=0.5 * result.epochs + 1)
        assert BUDGET / 4 < result.trained_seconds < BUDGET * 4  # it is planned from a few steps, and these vary
        assert (result.split, result.n) == ("test", 12)
        assert result.top1_wilson[0] <= result.top1 <= result.top1_wilson[1]


def test_what_is_written_down_of_a_network_is_the_network_s_own(
    results: dict[str, Result], recipes: list[Path]
) -> None:
    for path in recipes:
        asked = read(path)
        network = build(asked.network, 43, (asked.input.height, asked.input.width))
        assert results[path.stem].parameters == sum(parameter.numel() for parameter in network.parameters())
    assert results["logistic"].macs == 3 * 40 * 24 * 43


def test_a_network_that_has_competed_is_not_trained_again(
    results: dict[str, Result], recipes: list[Path], rules: Rules
) -> None:
    logs = [rules.out / name / LOG for name in results]
    before = [log.read_text() for log in logs]
    again = {result.name: result for result in contest(recipes, rules, workers=1)}
    assert again == results
    assert [log.read_text() for log in logs] == before


def test_figures_of_another_budget_are_never_taken_for_new_ones(
    results: dict[str, Result], recipes: list[Path], rules: Rules
) -> None:
    with pytest.raises(BadRun, match="logistic: competed under another recipe, budget"):
        compete(recipes[0], replace(rules, budget_seconds=2 * BUDGET))
    with pytest.raises(BadRun, match="--out names another folder"):
        compete(recipes[0], replace(rules, split="train"))
    with pytest.raises(BadRun, match="number of threads"):
        compete(recipes[0], replace(rules, threads=2))


def test_one_that_was_interrupted_before_it_was_measured_goes_on_from_its_checkpoint(
    results: dict[str, Result], recipes: list[Path], rules: Rules
) -> None:
    (rules.out / "logistic" / NAME).unlink()
    (again,) = contest(recipes[:1], rules, workers=1)
    assert again == results["logistic"]  # the seconds, too: they are saved with the checkpoint


def test_the_page_has_the_best_network_first_and_a_plot_against_each_cost(
    results: dict[str, Result], rules: Rules
) -> None:
    measured = timed(list(results.values()), rules)
    assert all(result.milliseconds > 0 for result in measured)
    save_all(measured, rules.out)
    write_page(rules.out)
    assert {result.name: result for result in load_all(rules.out)} == {result.name: result for result in measured}
    rows = (rules.out / "table.md").read_text().splitlines()
    assert [row.split("|")[1].strip() for row in rows[2:]] == sorted(results, key=lambda name: -results[name].top1)
    assert len({row.count("|") for row in rows}) == 1
    for plot in ("macs.png", "latency.png"):
        assert (rules.out / plot).read_bytes().startswith(b"\x89PNG")


def test_what_is_wrong_in_one_process_is_told_and_ends_the_contest(rules: Rules, tmp_path: Path) -> None:
    wrong = BASE | {"network": {"name": "logistic", "pooling": "max"}}
    paths = [recipe(tmp_path / "wrong.yaml", name="wrong", **wrong)]
    paths += [recipe(tmp_path / f"{name}.yaml", name=name, **BASE) for name in ("second", "third", "fourth")]
    rules = Rules(rules.data, tmp_path / "out", 0.2, "test", 1)
    with pytest.raises(TrainingError, match=r"wrong: network\.pooling: logistic does not take it"):
        list(contest(paths, rules, workers=1))
    assert not (rules.out / "fourth").exists()


def test_a_split_that_is_not_there_is_told_before_anything_trains(
    recipes: list[Path], rules: Rules, tmp_path: Path
) -> None:
    with pytest.raises(BadDataset, match="no row of split 'val'"):
        compete(recipes[0], replace(rules, out=tmp_path, split="val"))
    assert not (tmp_path / "logistic" / "run").exists()


def test_a_picture_that_can_t_be_measured_on_is_told_before_anything_trains(
    recipes: list[Path], rules: Rules, tmp_path: Path
) -> None:
    rows = [gtsrb_row(0, 9, frame, split="test") for frame in range(4)]
    rows += [gtsrb_row(i, track, 0) for i in range(3) for track in range(3)]
    spoilt = str(rows[3]["path"])
    data = packed(tmp_path / "data", rows, absent=[spoilt])
    with zipfile.ZipFile(data / "images.zip", "a") as archive:
        archive.writestr(spoilt, b"no picture")
    with pytest.raises(BadDataset, match=spoilt):
        compete(recipes[0], replace(rules, data=data, out=tmp_path))
    assert not (tmp_path / "logistic" / "run").exists()


def test_what_can_t_be_compared_is_refused_before_anything_trains(recipes: list[Path], tmp_path: Path) -> None:
    both = [read(path) for path in recipes]
    with pytest.raises(BadRecipe, match="'logistic' is the name of two recipes"):
        check([both[0], both[1], both[0]])
    two = both[1].model_copy(update={"data": both[1].data.model_copy(update={"labels": ("stop", "yield")})})
    with pytest.raises(BadRecipe, match="differ in their task or labels"):
        check([both[0], two])


def test_the_graph_that_was_timed_answers_for_one_picture_and_for_many(
    results: dict[str, Result], rules: Rules
) -> None:
    session = open_graph(rules.out / "lenet5" / GRAPH, "cpu", 1).session
    for n in (1, 5):
        assert session.run(["logits"], {"frames": np.zeros((n, 32, 32, 3), np.uint8)})[0].shape == (n, 43)
