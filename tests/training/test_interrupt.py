"""What stops a training before its end: a user, an operating system, a loss that is no number."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning import Callback, LightningModule, Trainer

from roadsight_models import cli
from roadsight_training import checkpoints
from roadsight_training.datasets import open_dataset
from roadsight_training.errors import Diverged
from roadsight_training.fit import fit
from roadsight_training.run import Run, open_run
from training.checkpoint import differences, state
from training.processes import DEADLINE, Death, Point, exit_code, start
from training.tiny import learnable, recipe

LONG = {"epochs": 60, "workers": 1}  # time enough to be told to stop
QUIET = {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "GLOO_SOCKET_IFNAME": "lo"}
GO_ON = "go on with: "

Tell = Callable[[int, int], None]  # a process or its group, a signal


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return learnable(tmp_path_factory.mktemp("interrupt") / "data")


def stopped(words: Sequence[str], run: Path, tell: Tell, number: signal.Signals) -> list[str]:
    """Starts a command, tells it to stop as soon as it has saved the run; gives the command it says to go on with."""
    last, begun = run / "checkpoints" / "last.ckpt", time.time()
    command = [sys.executable, "-m", "roadsight_models", *words]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, env=os.environ | QUIET, stdout=pipe, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as training:
        try:
            while not (last.is_file() and last.stat().st_mtime > begun):
                assert training.poll() is None and time.time() < begun + DEADLINE, training.communicate()[0]
                time.sleep(0.01)
            tell(training.pid, number)
            said, _ = training.communicate(timeout=DEADLINE)
        finally:
            if training.poll() is None:
                os.killpg(training.pid, signal.SIGKILL)
    assert training.returncode == 130, said
    (line,) = (line for line in said.splitlines() if GO_ON in line)
    program, *rest = shlex.split(line.partition(GO_ON)[2])
    assert program == "roadsight"
    return rest


def test_a_training_that_is_told_to_stop_twice_goes_on_with_what_it_printed_as_if_it_had_not_been(
    data: Path, tmp_path: Path
) -> None:
    path, folder = recipe(tmp_path / "recipe.yaml", fit=LONG), tmp_path / "a run"
    command = ["train", str(path), "--data", str(data), "--out", str(folder)]
    command = stopped(command, folder, os.killpg, signal.SIGINT)  # Ctrl-C reaches the workers, too
    first = state(folder / "checkpoints" / "last.ckpt")["global_step"]
    command = stopped(command, folder, os.killpg, signal.SIGTERM)  # as of `timeout`
    assert 0 < first < state(folder / "checkpoints" / "last.ckpt")["global_step"] < 180
    with pytest.raises(SystemExit) as ended:
        cli.main(command)
    assert ended.value.code == 0
    assert exit_code(start(path, data, tmp_path / "unbroken", save_every=600)) == 0
    for name in ("last.ckpt", "best.ckpt"):
        ours, theirs = (state(run / "checkpoints" / name) for run in (folder, tmp_path / "unbroken"))
        assert not differences(ours, theirs)


def test_two_processes_stop_together_when_one_is_told_and_go_on_together(data: Path, tmp_path: Path) -> None:
    path, folder = recipe(tmp_path / "recipe.yaml", fit={"epochs": 400, "batch_size": 8}), tmp_path / "run"
    command = ["train", str(path), "--data", str(data), "--out", str(folder), "--devices", "2"]
    command = stopped(command, folder, os.kill, signal.SIGTERM)
    assert command[-4:] == ["--devices", "2", "--nodes", "1"]
    first = state(folder / "checkpoints" / "last.ckpt")["global_step"]
    assert stopped(command, folder, os.killpg, signal.SIGINT) == command
    assert 0 < first < state(folder / "checkpoints" / "last.ckpt")["global_step"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["recipe.yaml", "run"]


def test_a_second_ctrl_c_does_not_wait(data: Path, tmp_path: Path) -> None:
    path = recipe(tmp_path / "recipe.yaml")
    twice = Death(Point("on_train_batch_start", 4), signal.SIGINT, signal.SIGINT)
    assert exit_code(start(path, data, tmp_path / "run", twice)) == -signal.SIGINT
    assert state(open_run(tmp_path / "run").last)["global_step"] < 5


class Spoil(Callback):
    """Makes a weight not finite just before a step, or just after it."""

    def __init__(self, hook: str, step: int, value: float) -> None:
        self.step, self.value = step, value
        setattr(self, hook, self.spoil)

    def spoil(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
        if trainer.global_step == self.step:
            with torch.no_grad():
                next(pl_module.parameters()).fill_(self.value)


@pytest.mark.parametrize(
    ("hook", "step", "value"),
    [
        ("on_train_batch_start", 4, float("nan")),  # in the midst of the second epoch
        ("on_train_batch_end", 5, float("inf")),  # after a loss that was in order
        ("on_train_batch_end", 6, float("inf")),  # before validation
    ],
)
def test_a_loss_that_is_no_number_stops_the_run_and_keeps_what_was_saved_before(
    hook: str, step: int, value: float, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "SAVE_EVERY", 0.0)
    path = recipe(tmp_path / "recipe.yaml", fit={"epochs": 3})
    with pytest.raises(Diverged, match=r"no finite number after \d steps: fit.learning_rate 0.003 is too high"):
        fit(path, open_dataset(data), tmp_path / "run", callbacks=[Spoil(hook, step, value)])
    run = open_run(tmp_path / "run")
    assert_finite(run)
    assert state(run.last)["global_step"] == (step if hook == "on_train_batch_start" else step - 1)


def assert_finite(run: Run) -> None:
    for checkpoint in (run.best, run.last):
        stored = state(checkpoint)
        for weights in (stored["state_dict"], stored["current_model_state"]):
            assert all(bool(torch.isfinite(tensor).all()) for tensor in weights.values())


def test_a_learning_rate_that_is_far_too_high_is_told_as_that(data: Path, tmp_path: Path) -> None:
    path = recipe(tmp_path / "recipe.yaml", fit={"optimiser": "sgd", "learning_rate": 1e30, "warm_up": 0})
    with pytest.raises(Diverged, match=r"fit.learning_rate 1e\+30 is too high"):
        fit(path, open_dataset(data), tmp_path / "run")
