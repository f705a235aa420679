"""Two of the three classes of a drawn set, told apart by one sigmoid, all the way to the figures."""

from pathlib import Path

import pytest

from roadsight_models import bundle as bundles
from roadsight_models import cli
from roadsight_training.run import open_run
from training.tiny import learnable, recipe


def roadsight(*arguments: str | Path) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([str(argument) for argument in arguments])
    assert ended.value.code == 0


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("subset")
    learnable(place / "data")
    recipe(
        place / "two.yaml",
        name="two",
        data={"labels": ["speed_limit_50", "speed_limit_20"]},
        input={"width": 32, "height": 32},
        network={"name": "logistic", "normalisation": "mean_image", "dropout": 0},
        fit={"epochs": 20, "batch_size": 8, "learning_rate": 0.01, "average_decay": 0, "loss": "binary_cross_entropy"},
    )
    roadsight("train", place / "two.yaml", "--data", place / "data", "--out", place / "run")
    roadsight("export", place / "run", "--version", "1.0.0", "--data", place / "data", "--out", place / "bundles")
    return place


def test_the_bundle_knows_the_classes_of_the_recipe_in_its_order(place: Path) -> None:
    assert open_run(place / "run").labels == ("speed_limit_50", "speed_limit_20")
    assert bundles.load(place / "bundles" / "two" / "1.0.0").manifest.labels == ("speed_limit_50", "speed_limit_20")


def test_it_was_measured_on_these_classes_alone_and_learnt_them(place: Path) -> None:
    metrics = {one.name: one for one in bundles.load(place / "bundles" / "two" / "1.0.0").manifest.metrics}
    assert metrics["top1"].n == 8
    assert metrics["top1"].value == 1.0


def test_evaluate_says_what_it_left_out(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    roadsight("evaluate", place / "bundles" / "two" / "1.0.0", "--data", place / "data")
    assert "left out, because the bundle does not know them: speed_limit_30" in capsys.readouterr().out


def test_a_report_can_be_made_of_it(place: Path) -> None:
    roadsight("report", place / "run", "--data", place / "data", "--split", "test")
    assert (place / "run" / "report-test" / "report.html").is_file()
