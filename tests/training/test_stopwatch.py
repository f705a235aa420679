import time
from pathlib import Path

import pytest
import torch
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.callbacks import Checkpoint

from roadsight_training import loggers, stopwatch
from roadsight_training.datasets import Dataset, open_dataset
from roadsight_training.fit import fit
from roadsight_training.prepare import decode_parts
from roadsight_training.recipe import Recipe
from roadsight_training.stopwatch import Stopwatch, clock, faster_precision, seconds_a_step
from roadsight_training.trainer import PRECISIONS
from training import tiny

PARTS: dict[str, dict[str, object]] = {
    "network": {"name": "logistic"},
    "fit": {"epochs": 3, "batch_size": 8, "learning_rate": 0.01, "average_decay": None},
}
STEPS = 3 * 6


class Costly(Checkpoint):
    """A clock by which a step takes 1, and validation with the saving after it 1000."""

    def __init__(self) -> None:
        self.now = 0.0

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: object, batch_idx: int) -> None:
        self.now += 1

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.now += 400

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.now += 600  # called after all others, as a checkpoint is saved


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    return Recipe.model_validate(tiny.asked(**PARTS))


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return open_dataset(tiny.learnable(tmp_path_factory.mktemp("stopwatch")))


def test_every_step_of_a_run_is_timed_and_validation_and_saving_are_not(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    costly, watch = Costly(), Stopwatch()
    monkeypatch.setattr(loggers, "find_spec", lambda name: None)
    monkeypatch.setattr(stopwatch, "clock", lambda: costly.now)
    fit(tiny.recipe(tmp_path / "r.yaml", **PARTS), dataset, tmp_path / "run", callbacks=[watch, costly])
    assert watch.taken == [1.0] * STEPS
    assert watch.mean == 1.0


def test_auto_takes_a_precision_that_there_is(
    recipe: Recipe, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stopwatch, "ENOUGH", 1)
    monkeypatch.setattr(stopwatch, "SECONDS", 0.0)
    assert faster_precision(recipe, decode_parts(recipe, dataset)) in PRECISIONS


@pytest.mark.parametrize("faster", PRECISIONS)
def test_auto_takes_the_precision_whose_steps_are_shorter(
    faster: str, recipe: Recipe, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stopwatch, "seconds_a_step", lambda recipe, parts, precision: 1.0 + (precision != faster))
    assert faster_precision(recipe, decode_parts(recipe, dataset)) == faster


def test_a_step_is_timed_without_the_first_ones_and_only_as_long_as_it_takes(
    recipe: Recipe, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stopwatch, "SECONDS", 0.0)
    laps = iter([100.0, 100.0, 2.0, 1.0, 3.0, 2.0, 9.0])  # the first two warm up; then five are enough
    now = 0.0

    def fake_clock() -> float:
        return now

    class Laps(Stopwatch):
        def on_train_batch_end(self, *arguments: object) -> None:
            nonlocal now
            now += next(laps)
            super().on_train_batch_end(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(stopwatch, "clock", fake_clock)
    monkeypatch.setattr(stopwatch, "Stopwatch", Laps)
    assert seconds_a_step(recipe, decode_parts(recipe, dataset), "float32") == 2.0
    assert next(laps, None) is None


def test_one_thread_on_a_cpu_is_timed_by_what_it_computes_and_not_by_what_it_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for threads, waited in ((1, False), (2, True)):
        monkeypatch.setattr(torch, "get_num_threads", lambda threads=threads: threads)
        before = clock()
        time.sleep(0.2)
        assert (clock() - before > 0.15) == waited
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    before, work_ends = clock(), time.process_time() + 0.05
    while time.process_time() < work_ends:
        pass
    assert clock() - before >= 0.05
