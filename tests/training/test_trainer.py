from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import log_loss  # type: ignore[import-untyped]

from roadsight_training.datasets import open_dataset
from roadsight_training.datasets.pictures import crops
from roadsight_training.fit import fit, load_best
from roadsight_training.graph import torch_logits
from roadsight_training.judging.history import read_history
from roadsight_training.run import held_back
from training.tiny import learnable, recipe


def last_loss(folder: Path, average_decay: float) -> float:
    """Of the averaged weights, on validation, after 24 steps."""
    path = recipe(folder / f"{average_decay}.yaml", fit={"epochs": 8, "average_decay": average_decay})
    run = fit(path, open_dataset(folder / "data"), folder / f"run-{average_decay}")
    return float(read_history(run.logs)["val_loss"].values[-1])


def test_a_short_run_does_not_end_with_the_average_of_its_beginning(tmp_path: Path) -> None:
    learnable(tmp_path / "data")
    assert last_loss(tmp_path, 0.998) < 1.3 * last_loss(tmp_path, 0.0)


@pytest.mark.parametrize("loss", ["focal", "binary_cross_entropy"])
def test_whatever_is_made_small_validation_is_in_nats_of_the_softmax_that_is_served(loss: str, tmp_path: Path) -> None:
    dataset = open_dataset(learnable(tmp_path / "data"))
    run = fit(recipe(tmp_path / "r.yaml", fit={"loss": loss, "epochs": 2}), dataset, tmp_path / "run")
    held = held_back(run, dataset)
    logits = torch_logits(load_best(run), crops(dataset, held, run.recipe.input)).astype(np.float64)
    odds = np.exp(logits - logits.max(1, keepdims=True))
    truth = [sample.index for sample in held]
    wanted = log_loss(truth, odds / odds.sum(1, keepdims=True), labels=range(logits.shape[1]))
    assert min(read_history(run.logs)["val_loss"].values) == pytest.approx(wanted, rel=1e-4)
