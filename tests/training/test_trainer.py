from pathlib import Path

from roadsight_training.datasets import open_dataset
from roadsight_training.fit import fit
from roadsight_training.judging.history import read_history
from training.tiny import learnable, recipe


def last_loss(folder: Path, average_decay: float) -> float:
    """Of the averaged weights, on validation, after 24 steps."""
    path = recipe(folder / f"{average_decay}.yaml", fit={"epochs": 8, "average_decay": average_decay})
    run = fit(path, open_dataset(folder / "data"), folder / f"run-{average_decay}")
    return float(read_history(run.logs)["val_loss"].values[-1])


def test_a_short_run_does_not_end_with_the_average_of_its_beginning(tmp_path: Path) -> None:
    learnable(tmp_path / "data")
    assert last_loss(tmp_path, 0.998) < 1.3 * last_loss(tmp_path, 0.0)
