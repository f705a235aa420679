"""Two processes train one network: they share out each step, agree on everything, and leave one run."""

import signal
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning import Callback

from roadsight_training.datasets import open_dataset
from roadsight_training.errors import BadRecipe
from roadsight_training.fit import fit
from roadsight_training.judging.history import read_history
from roadsight_training.run import Run, open_run
from roadsight_training.trainer import Hardware
from training.checkpoint import differences, state
from training.processes import Death, Notes, Point, exit_code, start
from training.tiny import learnable, recipe

RANKS = (0, 1)
UNCHANGED: dict[str, object] = {
    **dict.fromkeys(("rotate_degrees", "shear_degrees", "perspective", "small", "motion_blur"), 0.0),
    **dict.fromkeys(("brightness", "contrast", "saturation", "hue", "blur", "noise"), 0.0),
    "margin": [0.0, 0.0],
}
PLAIN: dict[str, dict[str, object]] = {
    "augment": UNCHANGED,
    "fit": {"epochs": 3, "batch_size": 8, "optimiser": "momentum", "learning_rate": 0.02},
}
RICH: dict[str, dict[str, object]] = {
    "data": {"balance": "sampler"},
    "network": {"dropout": 0.3, "batch_norm": True},
    "augment": {"mixup": 0.4},
    "fit": {"epochs": 3, "batch_size": 4, "accumulate": 2, "schedule": "plateau", "plateau_patience": 0},
}


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def together(path: Path, data: Path, folder: Path, *callbacks: Callback) -> list[int]:
    """Trains on two machines, both of which are this one; gives the exit codes."""
    variables = {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(free_port()),
        "LOCAL_RANK": "0",
        "GLOO_SOCKET_IFNAME": "lo",
    }
    pair = [
        start(path, data, folder, *callbacks, nodes=2, environment={**variables, "NODE_RANK": str(rank)})
        for rank in RANKS
    ]
    return [exit_code(process) for process in pair]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return learnable(tmp_path_factory.mktemp("distributed") / "data")


@pytest.fixture(scope="module")
def pair(data: Path) -> tuple[Run, list[Mapping[str, Any]]]:
    """Two processes with batches of 8; the run, and what each of them noted."""
    path = recipe(data.parent / "plain.yaml", **PLAIN)
    notes = data.parent / "pair-notes"
    notes.mkdir()
    assert together(path, data, data.parent / "pair", Notes(notes)) == [0, 0]
    return open_run(data.parent / "pair"), [torch.load(notes / f"{rank}.pt") for rank in RANKS]


@pytest.fixture(scope="module")
def alone(data: Path) -> Mapping[str, Any]:
    """One process with batches of 16; what it noted."""
    path = recipe(data.parent / "alone.yaml", **{**PLAIN, "fit": {**PLAIN["fit"], "batch_size": 16}})
    notes = data.parent / "alone-notes"
    notes.mkdir()
    assert exit_code(start(path, data, data.parent / "alone", Notes(notes))) == 0
    noted: Mapping[str, Any] = torch.load(notes / "0.pt")
    return noted


def test_two_processes_see_disjoint_halves_of_what_one_would_see(
    pair: tuple[Run, list[Mapping[str, Any]]], alone: Mapping[str, Any]
) -> None:
    halves = [noted["frames"] for noted in pair[1]]
    assert halves[0].shape == (9, 8, 16, 16, 3)
    assert torch.equal(torch.cat(halves, 1), alone["frames"])


def test_two_processes_end_with_the_same_weights_and_with_those_that_one_ends_with(
    pair: tuple[Run, list[Mapping[str, Any]]], alone: Mapping[str, Any]
) -> None:
    first, second = (noted["weights"] for noted in pair[1])
    for name, tensor in first.items():
        assert torch.equal(tensor, second[name]), name
        torch.testing.assert_close(tensor, alone["weights"][name], atol=1e-4, rtol=0)


def test_two_processes_leave_one_run(pair: tuple[Run, list[Mapping[str, Any]]]) -> None:
    run, _ = pair
    assert state(run.last)["global_step"] == 9
    assert len(list(run.logs.glob("events*"))) == 1
    assert sorted(path.name for path in run.checkpoints.iterdir()) == ["best.ckpt", "last.ckpt"]


def test_two_processes_that_are_killed_and_resumed_end_as_if_they_had_not_been(data: Path) -> None:
    path, whole, broken = recipe(data.parent / "rich.yaml", **RICH), data.parent / "whole", data.parent / "broken"
    assert together(path, data, whole, Notes(data.parent)) == [0, 0]
    assert 0 not in together(path, data, broken, Death(Point("on_train_batch_start", 4), signal.SIGKILL))
    assert together(path, data, broken) == [0, 0]
    assert not differences(state(open_run(whole).last), state(open_run(broken).last))
    first, second = (torch.load(data.parent / f"{rank}.pt")["measured"] for rank in RANKS)
    assert not differences(first, second)  # each saw other pictures, but they measure one network


def test_two_processes_train_against_an_adversary_and_end_with_the_same_weights(data: Path) -> None:
    path = recipe(data.parent / "hardened.yaml", **PLAIN, adversary={"method": "trades", "epsilon": 0.1, "beta": 1})
    notes = data.parent / "hardened-notes"
    notes.mkdir()
    assert together(path, data, data.parent / "hardened", Notes(notes)) == [0, 0]
    first, second = (torch.load(notes / f"{rank}.pt")["weights"] for rank in RANKS)
    assert not differences(first, second)
    assert "val_robust_top1" in read_history(open_run(data.parent / "hardened").logs).curves


def test_what_would_thaw_in_one_process_alone_is_refused(data: Path, tmp_path: Path) -> None:
    path = recipe(tmp_path / "thawing.yaml", transfer={"train": "head_then_all"})
    with pytest.raises(BadRecipe, match="head_then_all is for one process"):
        fit(path, open_dataset(data), tmp_path / "run", hardware=Hardware("cpu", devices=2))
    assert not (tmp_path / "run").exists()
