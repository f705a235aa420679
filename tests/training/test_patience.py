"""Validation losses as written here: what a plateau does to the learning rates, and when patience ends the run."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from torch.optim.lr_scheduler import ReduceLROnPlateau

from roadsight_training.datasets import Dataset, open_dataset
from roadsight_training.fit import fit
from roadsight_training.fitting import Fitting
from roadsight_training.loading import Batch
from roadsight_training.optimising import rate_factor
from roadsight_training.recipe import read
from roadsight_training.run import Run
from training.tiny import learnable, recipe

LOSSES = (1.0, 0.5, 0.49999, 0.5, 0.3, 0.6, 0.4, 0.31, 0.9, 0.2, 0.1, 0.1)  # one for each of the epochs
# After two validations without a better loss the rates fall; 0.49999 is not better by a ten-thousandth.
LAST = 8  # the fourth validation after 0.3 ends the run
STEPS_AN_EPOCH = 3
RATE, FACTOR, PATIENCE = 0.01, 0.3, 1
OPTIONS: dict[str, object] = {
    "epochs": len(LOSSES),
    "optimiser": "momentum",
    "learning_rate": RATE,
    "schedule": "plateau",
    "step_factor": FACTOR,
    "plateau_patience": PATIENCE,
    "early_stopping": 4,
    "warm_up": 0.3,  # until after the first drop
}


class Killed(Exception):
    pass


class Rates(Callback):
    """Notes the learning rate of every step, until it dies at the beginning of an epoch."""

    def __init__(self, dies_in: int | None = None) -> None:
        self.noted: dict[int, float] = {}
        self.dies_in = dies_in

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.current_epoch == self.dies_in:
            raise Killed

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        self.noted[trainer.global_step] = trainer.optimizers[0].param_groups[0]["lr"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("patience")
    learnable(place / "data")
    recipe(place / "recipe.yaml", fit=OPTIONS)
    return place


@pytest.fixture(scope="module")
def dataset(place: Path) -> Dataset:
    return open_dataset(place / "data")


@pytest.fixture(scope="module")
def written() -> Iterator[None]:
    """Makes validation give these losses, whatever the network has learnt."""

    def say(fitting: Fitting, batch: Batch, _: int, dataloader_idx: int = 0) -> None:
        if dataloader_idx == 0:
            loss = LOSSES[fitting.current_epoch]
            fitting.log("val_loss", loss, batch_size=len(batch.frames), add_dataloader_idx=False)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Fitting, "validation_step", say)
        yield


@pytest.fixture(scope="module")
def unbroken(place: Path, dataset: Dataset, written: None) -> tuple[Run, dict[int, float]]:
    rates = Rates()
    return fit(place / "recipe.yaml", dataset, place / "unbroken", callbacks=[rates]), rates.noted


def rates_as_torch_lowers_them(path: Path) -> list[float]:
    options, steps = read(path).fit, len(LOSSES) * STEPS_AN_EPOCH
    optimiser = torch.optim.SGD([torch.zeros(1)], RATE)
    plateau = ReduceLROnPlateau(optimiser, factor=FACTOR, patience=PATIENCE)
    rates = []
    for epoch, loss in enumerate(LOSSES[: LAST + 1]):
        first = epoch * STEPS_AN_EPOCH
        rates += [
            float(plateau.get_last_lr()[0]) * rate_factor(step / steps, options) for step in range(first, first + 3)
        ]
        plateau.step(loss)
    return rates


def test_a_plateau_lowers_the_rates_as_torch_does_on_top_of_the_warm_up(
    unbroken: tuple[Run, dict[int, float]], place: Path
) -> None:
    _, rates = unbroken
    assert list(rates.values()) == pytest.approx(rates_as_torch_lowers_them(place / "recipe.yaml"), rel=1e-12)
    after_warm_up = [rates[epoch * STEPS_AN_EPOCH] for epoch in range(4, LAST + 1)]
    assert after_warm_up == pytest.approx([RATE * FACTOR] * 3 + [RATE * FACTOR**2] * 2)


def test_patience_ends_the_run_and_the_best_checkpoint_is_from_before(unbroken: tuple[Run, dict[int, float]]) -> None:
    run, rates = unbroken
    assert list(rates) == list(range((LAST + 1) * STEPS_AN_EPOCH))
    assert torch.load(run.last, weights_only=True)["global_step"] == (LAST + 1) * STEPS_AN_EPOCH
    assert torch.load(run.best, weights_only=True)["epoch"] == LOSSES.index(0.3)


def test_a_recipe_may_keep_the_last_checkpoint(place: Path, dataset: Dataset, written: None) -> None:
    path = recipe(place / "last.yaml", fit=OPTIONS | {"keep": "last", "early_stopping": None, "epochs": 6})
    run = fit(path, dataset, place / "last")
    stored = [torch.load(path, weights_only=True) for path in (run.best, run.last)]
    assert [one["epoch"] for one in stored] == [5, 5]
    assert LOSSES[5] > LOSSES[4]  # the best was before


@pytest.mark.parametrize("dies_in", [3, 6, LAST])
def test_a_run_that_died_while_it_was_losing_patience_counts_on(
    dies_in: int, unbroken: tuple[Run, dict[int, float]], place: Path, dataset: Dataset
) -> None:
    before, after, folder = Rates(dies_in), Rates(), place / f"dies-in-{dies_in}"
    with pytest.raises(Killed):
        fit(place / "recipe.yaml", dataset, folder, callbacks=[before])
    fit(place / "recipe.yaml", dataset, folder, resume=True, callbacks=[after])
    assert before.noted.keys().isdisjoint(after.noted)
    assert before.noted | after.noted == unbroken[1]


def test_a_run_that_patience_ended_stays_ended(
    unbroken: tuple[Run, dict[int, float]], place: Path, dataset: Dataset
) -> None:
    run, _ = unbroken
    saved = run.last.read_bytes(), run.best.read_bytes()
    rates = Rates()
    fit(place / "recipe.yaml", dataset, run.folder, resume=True, callbacks=[rates])
    assert not rates.noted
    assert (run.last.read_bytes(), run.best.read_bytes()) == saved
