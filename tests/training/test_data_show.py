from pathlib import Path

import cv2
import numpy as np
import pytest

from roadsight_models import cli
from roadsight_training.commands.data import augmented
from roadsight_training.datasets import LAYOUTS, open_dataset
from roadsight_training.recipe import Recipe, read
from training.test_cli import ended
from training.tiny import gtsrb_row, learnable, packed

SHIPPED = Path(__file__).parents[2] / "training" / "recipes" / "traffic-sign.yaml"


def recipe_with(tmp_path: Path, more: str) -> Path:
    path = tmp_path / "recipe.yaml"
    path.write_text(f"extends: {SHIPPED}\n{more}\n")
    return path


def sheet(tmp_path: Path, *more: str) -> bytes:
    out = tmp_path / "sheet.png"
    assert ended("data", "show", str(SHIPPED), "--data", str(learnable(tmp_path / "d")), "--out", str(out), *more) == 0
    return out.read_bytes()


def test_the_same_seed_draws_the_same_sheet(tmp_path: Path) -> None:
    assert sheet(tmp_path, "--n", "10") == sheet(tmp_path, "--n", "10", "--seed", "0")
    assert sheet(tmp_path, "--n", "10") != sheet(tmp_path, "--n", "10", "--seed", "1")


def test_a_sheet_has_as_many_tiles_as_asked(tmp_path: Path) -> None:
    picture = cv2.imdecode(np.frombuffer(sheet(tmp_path, "--n", "10"), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert 800 < picture.shape[1] < 900  # eight columns
    assert 200 < picture.shape[0] < 300  # two rows


def shown(path: Path, folder: Path, n: int = 64) -> tuple[Recipe, list[str]]:
    recipe = read(path)
    crops, captions = augmented(recipe, open_dataset(folder), n, seed=0)
    assert {crop.shape for crop in crops} == {(recipe.input.height, recipe.input.width, 3)}
    assert len(crops) == len(captions)
    return recipe, captions


def test_only_what_is_trained_on_is_shown(tmp_path: Path) -> None:
    _, captions = shown(recipe_with(tmp_path, "augment: {mixup: 0}"), learnable(tmp_path / "d"))
    # Of three tracks of eight frames each class holds one back.
    assert captions == ["speed_limit_20"] * 16 + ["speed_limit_30"] * 16 + ["speed_limit_50"] * 16


def test_the_labels_of_the_recipe_are_shown_alone(tmp_path: Path) -> None:
    path = recipe_with(tmp_path, "data: {labels: [speed_limit_50, speed_limit_20]}\naugment: {flip: 0, mixup: 0}")
    assert shown(path, learnable(tmp_path / "d"))[1] == ["speed_limit_50"] * 16 + ["speed_limit_20"] * 16


def test_a_sampler_shows_rare_classes_as_often_as_training_sees_them(tmp_path: Path) -> None:
    rows = [gtsrb_row(i, track, frame) for i in (0, 1) for track in (0, 1, 2) for frame in range(1 + 29 * i)]
    path = recipe_with(tmp_path, "data: {balance: sampler}\naugment: {mixup: 0}")
    _, captions = shown(path, packed(tmp_path / "d", rows), 60)
    assert 18 < captions.count("speed_limit_20") < 42


def test_mixed_pictures_are_told_with_their_shares(tmp_path: Path) -> None:
    path = recipe_with(tmp_path, "augment: {mixup: 2.0}")
    mixed = [caption for caption in shown(path, learnable(tmp_path / "d"))[1] if "\n" in caption]
    assert mixed
    for caption in mixed:
        first, second = (int(line.removesuffix("%").split(": ")[1]) for line in caption.split("\n"))
        assert first >= second
        assert first + second in (99, 100, 101)


def test_what_can_not_be_read_is_left_out(tmp_path: Path) -> None:
    folder = learnable(tmp_path / "d")
    dataset = open_dataset(folder)
    broken = dataset.samples[0].path, dataset.samples[9].path, dataset.samples[17].path
    torn = type(dataset)(
        folder,
        dataset.labels,
        dataset.samples,
        lambda sample: b"" if sample.path in broken else dataset.read(sample),
    )
    assert 45 <= len(augmented(read(SHIPPED), torn, 64, 0)[0]) < 48


def test_a_recipe_that_does_not_fit_the_labels_is_one_line(tmp_path: Path) -> None:
    path = recipe_with(tmp_path, "augment: {flip: 0.5}\ndata: {labels: [speed_limit_20, speed_limit_50]}")
    folder = learnable(tmp_path / "d")
    said = ended("data", "show", str(path), "--data", str(folder), "--out", str(tmp_path / "s.png"))
    assert str(said).startswith("error: augment.flip: no label has a mirror image")


def test_a_sheet_that_can_not_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "no" / "sheet.png"
    assert ended("data", "show", str(SHIPPED), "--data", str(learnable(tmp_path / "d")), "--out", str(out)) == 2
    assert "No such file or directory" in capsys.readouterr().err


def test_the_help_lists_every_layout(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["data", "--help"])
    said = capsys.readouterr().out
    assert all(layout in said for layout in LAYOUTS)
