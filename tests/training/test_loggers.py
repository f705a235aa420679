import os
import signal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from pytorch_lightning import Callback, LightningModule, Trainer
from pytorch_lightning.loggers import TensorBoardLogger

from roadsight_training import loggers
from roadsight_training.datasets import Dataset, open_dataset
from roadsight_training.errors import Stopped
from roadsight_training.fit import fit
from roadsight_training.judging.history import read_history
from roadsight_training.run import Run, open_run
from training.tiny import learnable, recipe

with_mlflow = pytest.mark.skipif(find_spec("mlflow") is None, reason="the extra `mlflow` is not installed")


class CtrlC(Callback):
    """Somebody presses Ctrl-C in the middle of the second of three rounds."""

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        if (trainer.current_epoch, batch_idx) == (1, 3):
            signal.raise_signal(signal.SIGINT)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return open_dataset(learnable(tmp_path_factory.mktemp("loggers") / "data"))


@pytest.fixture(autouse=True)
def no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(loggers.SERVER, raising=False)


def written(place: Path) -> Path:
    options = {"epochs": 3, "batch_size": 8, "learning_rate": 0.01, "average_decay": None}
    return recipe(place / "r.yaml", name="tiny-shapes", network={"name": "logistic"}, fit=options)


def trained(place: Path, dataset: Dataset) -> Run:
    return fit(written(place), dataset, place / "run")


def client_of(store: str) -> Any:
    from mlflow.tracking import MlflowClient  # noqa: PLC0415 (an extra)

    return MlflowClient(tracking_uri=store)


def entries(store: str) -> list[Any]:
    """The runs that MLflow keeps there."""
    client = client_of(store)
    experiment = client.get_experiment_by_name("tiny")
    assert experiment is not None
    return list(client.search_runs([experiment.experiment_id]))


def test_tensorboard_has_every_figure_of_a_run_also_where_mlflow_is_not_installed(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loggers, "find_spec", lambda name: None)
    run = trained(tmp_path, dataset)
    assert [type(one) for one in loggers.loggers(run)] == [TensorBoardLogger]
    assert list(run.logs.glob("events.out.tfevents.*"))
    history = read_history(run.logs)
    assert {"train_loss", "val_loss", "val_top1", "fit_loss", "fit_top1"} <= history.curves.keys()
    assert len(history["val_loss"].values) == 3
    assert not (run.folder / loggers.MLFLOW).exists()


@with_mlflow
def test_a_run_that_is_resumed_is_one_run_of_mlflow_with_its_recipe_and_all_its_figures(
    tmp_path: Path, dataset: Dataset
) -> None:
    path = written(tmp_path)
    with pytest.raises(Stopped):
        fit(path, dataset, tmp_path / "run", callbacks=[CtrlC()])
    (before,) = entries(store := (tmp_path / "run" / loggers.MLFLOW).as_uri())
    run = fit(path, dataset, tmp_path / "run", resume=True)
    (after,) = entries(store)
    assert after.info.run_id == before.info.run_id == (run.folder / loggers.MLFLOW_RUN).read_text()
    assert (after.info.run_name, after.info.status) == ("tiny-shapes", "FINISHED")
    assert after.data.params["fit/batch_size"] == "8"
    assert after.data.params["network/name"] == "logistic"
    logged = client_of(store).get_metric_history(after.info.run_id, "val_loss")
    history = read_history(run.logs)["val_loss"]
    assert [one.step for one in logged] == list(history.steps)
    assert [one.value for one in logged] == pytest.approx(history.values)
    assert len(history.steps) == 3


@with_mlflow
def test_mlflows_server_is_the_one_that_is_named(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = (tmp_path / "server").as_uri()
    monkeypatch.setenv(loggers.SERVER, server)
    run = trained(tmp_path, dataset)
    (entry,) = entries(server)
    assert entry.data.metrics["val_top1"] <= 1
    assert not (run.folder / loggers.MLFLOW).exists()
    assert open_run(run.folder).recipe == run.recipe


@with_mlflow
def test_a_run_does_not_send_what_is_started_later_to_its_own_folder(tmp_path: Path, dataset: Dataset) -> None:
    trained(tmp_path, dataset)
    assert loggers.SERVER not in os.environ


@with_mlflow
def test_a_run_that_died_while_it_noted_its_place_in_mlflow_goes_on(tmp_path: Path, dataset: Dataset) -> None:
    run = trained(tmp_path, dataset)
    (run.folder / loggers.MLFLOW_RUN).write_text("")
    fit(tmp_path / "r.yaml", dataset, run.folder, resume=True)
    ids = {entry.info.run_id for entry in entries((run.folder / loggers.MLFLOW).as_uri())}
    assert (run.folder / loggers.MLFLOW_RUN).read_text() in ids
