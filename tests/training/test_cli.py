"""The commands as a person meets them: what was wrong is one line on stderr."""

import subprocess
import sys
from pathlib import Path
from urllib.error import URLError

import pytest
import torchvision  # type: ignore[import-untyped]

from roadsight_models import cli
from training.tiny import per_class

SHIPPED = Path(__file__).parents[2] / "training" / "recipes" / "traffic-sign.yaml"


def ended(*arguments: str) -> str | int | None:
    """What the command ends with: its status, or the one line for stderr."""
    with pytest.raises(SystemExit) as end:
        cli.main(arguments)
    return end.value.code


def test_help_is_there_without_the_training_extra() -> None:
    heavy = "{'torch', 'yaml', 'sklearn', 'timm', 'matplotlib', 'captum'}"
    code = f"import sys, roadsight_training.commands.train; sys.exit(bool({heavy} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_folder_that_is_no_data_set_is_one_line(tmp_path: Path) -> None:
    said = str(ended("train", str(SHIPPED), "--data", str(tmp_path)))
    assert said.startswith(f"error: {tmp_path}: no data set here; looked for")
    assert "\n" not in said


def test_a_misspelt_recipe_is_one_line(tmp_path: Path) -> None:
    recipe = tmp_path / "r.yaml"
    recipe.write_text(SHIPPED.read_text().replace("epochs:", "epoch:"))
    said = ended("train", str(recipe), "--data", str(per_class(tmp_path / "data")))
    assert said == f"error: {recipe}: unknown key 'fit.epoch'; did you mean 'epochs'?"


def test_a_folder_that_is_no_run_is_one_line(tmp_path: Path) -> None:
    said = ended("export", str(tmp_path), "--data", str(tmp_path), "--version", "1.0.0")
    assert "a folder that `roadsight train` made is expected" in str(said)


def test_a_download_without_network_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(root: str, split: str, download: bool) -> None:
        raise URLError("no route to host")

    monkeypatch.setattr(torchvision.datasets, "GTSRB", unreachable)
    assert str(ended("data", "gtsrb", str(tmp_path))).startswith("error: GTSRB could not be downloaded: ")


def test_the_official_set_is_fetched_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[tuple[str, str, bool]] = []
    monkeypatch.setattr(torchvision.datasets, "GTSRB", lambda root, **asked: fetched.append((root, *asked.values())))
    assert ended("data", "gtsrb", str(tmp_path)) == 0
    assert fetched == [(str(tmp_path), "train", True), (str(tmp_path), "test", True)]
