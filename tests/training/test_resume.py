"""Runs that are killed again and again end as the one that nothing ever happened to: to the bit."""

import signal
from collections.abc import Mapping
from pathlib import Path

import pytest

from roadsight_training.judging.history import read_history
from roadsight_training.run import Run, open_run
from training.checkpoint import differences, state
from training.processes import Death, Point, Torn, exit_code, start
from training.tiny import learnable, recipe

Options = Mapping[str, Mapping[str, object]]

ALL_AT_ONCE: Options = {
    "data": {"balance": "sampler"},
    "network": {"dropout": 0.3, "batch_norm": True},
    "augment": {"mixup": 0.4, "occlusion": 0.3, "jpeg": 0.3},
    "fit": {
        "epochs": 20,  # patience ends it after 8
        "batch_size": 6,
        "accumulate": 3,
        "optimiser": "nesterov",
        "learning_rate": 0.3,
        "schedule": "plateau",
        "plateau_patience": 0,
        "early_stopping": 3,
        "label_smoothing": 0.1,
        "weight_decay": 0.01,
        "l1": 0.0001,
        "clip": 1.0,
    },
}
THAWING: Options = {
    "data": {"balance": "weights"},
    "input": {"width": 32, "height": 32},
    "network": {"name": "lenet5", "dropout": 0.2, "batch_norm": True, "normalisation": "channel_mean"},
    "transfer": {"train": "head_then_all", "head_first": 0.45, "layer_decay": 0.7},
    "fit": {"epochs": 2.5, "validate_every": 0.6, "batch_size": 8, "loss": "focal", "schedule": "one_cycle"},
}
AGAINST_AN_ADVERSARY: Options = {
    "network": {"dropout": 0.3, "batch_norm": True},
    "augment": {"mixup": 0.4},
    "adversary": {"method": "trades", "epsilon": "8/255", "steps": 2, "pictures": 9},
    "fit": {"epochs": 3, "batch_size": 8},
}
DEATHS = [
    Point("on_train_batch_start", 0),  # before the first checkpoint
    Point("on_train_batch_start", 2),  # in the midst of the first epoch
    Point("on_validation_start", 3),
    Point("on_validation_end", 3),  # measured, but not saved
    Point("on_train_epoch_start", 3),  # between two epochs
    Point("on_save_checkpoint", 5),
    Point("on_train_batch_end", 7),
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return learnable(tmp_path_factory.mktemp("resume") / "data")


def unbroken(folder: Path, data: Path, options: Options) -> Run:
    path = recipe(folder / "unbroken.yaml", **options)
    assert exit_code(start(path, data, folder / "unbroken", save_every=600)) == 0
    return open_run(folder / "unbroken")


def killed(folder: Path, data: Path, options: Options, deaths: list[Point]) -> Run:
    """Its batches are made by a process beside it; those of the unbroken run are not."""
    path = recipe(folder / "killed.yaml", **{**options, "fit": {**options["fit"], "workers": 1}})
    for point in deaths:
        assert exit_code(start(path, data, folder / "killed", Death(point, signal.SIGKILL))) == -signal.SIGKILL
    assert exit_code(start(path, data, folder / "killed")) == 0
    return open_run(folder / "killed")


@pytest.mark.parametrize(
    ("options", "deaths"),
    [(ALL_AT_ONCE, DEATHS), (THAWING, DEATHS[1::2]), (AGAINST_AN_ADVERSARY, DEATHS[1::2])],
    ids=["all at once", "thawing", "against an adversary"],
)
def test_a_run_that_is_killed_again_and_again_ends_as_the_unbroken_one(
    options: Options, deaths: list[Point], tmp_path: Path, data: Path
) -> None:
    whole, broken = unbroken(tmp_path, data, options), killed(tmp_path, data, options, deaths)
    assert not differences(state(whole.last), state(broken.last))
    assert not differences(state(whole.best), state(broken.best))
    assert read_history(whole.logs) == read_history(broken.logs)


def test_a_machine_that_dies_while_it_writes_a_checkpoint_has_the_one_before(tmp_path: Path, data: Path) -> None:
    path = recipe(tmp_path / "recipe.yaml")
    assert exit_code(start(path, data, tmp_path / "run", Torn(1))) == -signal.SIGKILL
    assert state(open_run(tmp_path / "run").last)["global_step"] == 1
    assert exit_code(start(path, data, tmp_path / "run")) == 0
    assert sorted(path.name for path in open_run(tmp_path / "run").checkpoints.iterdir()) == ["best.ckpt", "last.ckpt"]
