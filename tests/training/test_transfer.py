"""Which part of a network learns, and how fast: by the groups for the optimiser, and through real training."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor

from pictures import encoded
from roadsight_models.scene import draw
from roadsight_training.datasets import Dataset, open_dataset
from roadsight_training.errors import BadRecipe
from roadsight_training.fit import fit
from roadsight_training.networks import Network
from roadsight_training.networks.earlier import restore
from roadsight_training.recipe import Fit, Transfer
from roadsight_training.run import Run
from roadsight_training.transfer import frozen_stages, parameter_groups, set_frozen
from training.networks.proving import SHIPPED, SHIPPED_NETWORK, built
from training.tiny import learnable, recipe

LENET: dict[str, object] = {"name": "lenet5", "batch_norm": True, "dropout": 0}
LITE: dict[str, object] = {"name": "efficientnet_lite0", "dropout": 0}
THREE = ("speed_limit_20", "speed_limit_30", "speed_limit_50")
TURNED = ("speed_limit_50", "speed_limit_20", "speed_limit_30")
FIT = Fit(epochs=1, learning_rate=0.01, weight_decay=0.1)

State = dict[str, Tensor]


class Watcher(Callback):
    """Notes the weights before the first step, what is frozen at each step, and each validation loss."""

    def __init__(self) -> None:
        self.start: State = {}
        self.learning: list[set[str]] = []
        self.losses: list[float] = []

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.start = {name: tensor.clone() for name, tensor in pl_module.state_dict().items()}

    def on_before_optimizer_step(self, trainer: Trainer, pl_module: LightningModule, optimizer: object) -> None:
        moving = {name for name, p in pl_module.named_parameters() if p.grad is not None}
        assert moving == {name for name, p in pl_module.named_parameters() if p.requires_grad}
        self.learning.append({part_of(name) for name in moving})

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.losses.append(float(trainer.callback_metrics["val_loss"]))


Train = Callable[..., tuple[Run, Watcher]]


def written(
    place: Path,
    network: dict[str, object],
    epochs: float = 1,
    labels: Sequence[str] = THREE,
    side: int = 32,
    **transfer: object,
) -> Path:
    return recipe(
        place / "recipe.yaml",
        data={"labels": labels},
        input={"width": side, "height": side},
        network=network,
        transfer=transfer,
        fit={"epochs": epochs, "batch_size": 8, "weight_decay": 0.1, "average_decay": 0.9},
    )


def part_of(name: str) -> str:
    """network.stages.c1.0.weight -> c1, network.head.1.weight -> head."""
    parts = name.split(".")
    return parts[2] if parts[1] == "stages" else parts[1]


def changed(run: Run, start: State) -> set[str]:
    """Parts whose best or newest weights or statistics, averaged or not, are not to the bit what they were."""
    stored = [torch.load(path, weights_only=True) for path in (run.best, run.last)]
    states = [checkpoint[key] for checkpoint in stored for key in ("state_dict", "current_model_state")]
    # The counter of batches says nothing with a fixed momentum; averaging rounds it.
    names = [name for name in start if name.startswith("network.") and not name.endswith("num_batches_tracked")]
    return {part_of(name) for state in states for name in names if not torch.equal(state[name], start[name])}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return open_dataset(learnable(tmp_path_factory.mktemp("transfer") / "data"))


@pytest.fixture(scope="module")
def train(dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Train:
    """Trains for real: 48 drawn pictures, six steps an epoch."""

    def train(network: dict[str, object], data: Dataset = dataset, **asked: Any) -> tuple[Run, Watcher]:
        place, watcher = tmp_path_factory.mktemp("run"), Watcher()
        return fit(written(place, network, **asked), data, place / "run", callbacks=[watcher]), watcher

    return train


@pytest.fixture(scope="module")
def earlier(train: Train) -> Run:
    run, watcher = train(LENET, epochs=4)
    assert changed(run, watcher.start) == {"c1", "c3", "c5", "f6", "head"}
    return run


@pytest.mark.parametrize(
    ("transfer", "moved"),
    [
        ({"train": "head"}, {"head"}),
        ({"train": "last_stages"}, {"f6", "head"}),
        ({"train": "last_stages", "stages": 3}, {"c3", "c5", "f6", "head"}),
    ],
)
def test_what_is_frozen_stays_to_the_bit_and_what_is_not_learns(
    transfer: dict[str, object], moved: set[str], earlier: Run, train: Train
) -> None:
    run, watcher = train(LENET | {"weights": str(earlier.folder)}, epochs=2, **transfer)
    assert len(watcher.learning) == 12
    assert changed(run, watcher.start) == moved
    assert all(learning == moved for learning in watcher.learning)


def test_the_network_thaws_when_it_was_told_to_and_not_a_step_before(earlier: Run, train: Train) -> None:
    network = LENET | {"weights": str(earlier.folder)}
    _, watcher = train(network, epochs=2, train="head_then_all", head_first=0.5)
    everything = {"c1", "c3", "c5", "f6", "head"}
    assert watcher.learning == [{"head"}] * 6 + [everything] * 6


def test_a_run_that_starts_from_a_run_starts_where_that_one_stood(earlier: Run, train: Train) -> None:
    run, watcher = train(LENET | {"weights": str(earlier.folder)}, labels=TURNED)
    stored = restore(earlier, earlier.best).state_dict()
    for name, tensor in stored.items():
        turned = tensor[[2, 0, 1]] if name.startswith("head.") else tensor
        assert torch.equal(watcher.start[f"network.{name}"], turned), name
    assert run.labels == TURNED


@pytest.fixture(scope="module")
def signs(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Drawn signs, a folder for each of three labels with eight pictures."""
    root = tmp_path_factory.mktemp("signs")
    for label, name in (("keep_left", "keep_left"), ("no_passing", "no_passing"), ("yield", "give_way")):
        folder = root / "train" / name
        folder.mkdir(parents=True)
        for seed in range(8):
            scene = draw(seed=seed, width=160, height=120, signs=1, side=(40, 60), labels=[label])
            left, top, right, bottom = scene.signs[0].box
            (folder / f"{seed}.png").write_bytes(encoded(scene.pixels[top:bottom, left:right]))
    return open_dataset(root)


def test_the_head_of_the_shipped_bundle_starts_ahead_and_learns_alone(signs: Dataset, train: Train) -> None:
    """Of the three signs the bundle knows two by these names."""
    asked: dict[str, Any] = {"labels": signs.labels, "data": signs, "side": 48}
    network: dict[str, object] = {"dropout": 0, **SHIPPED_NETWORK}
    run, watcher = train(network | {"weights": str(SHIPPED)}, train="head", **asked)
    assert changed(run, watcher.start) == {"head"}
    _, random = train(network, **asked)
    assert watcher.losses[0] < 0.8 * random.losses[0]


def parts_with(network: Network, parameters: Sequence[Tensor]) -> set[str]:
    names = {id(p): f"network.{name}" for name, p in network.named_parameters()}
    return {part_of(names[id(p)]) for p in parameters}


@pytest.mark.parametrize("name", ["logistic", "lenet5", "googlenet", "efficientnet_lite0", "mobilenet_v3_small"])
def test_every_parameter_is_in_one_group_and_no_vector_decays(name: str) -> None:
    network = built(name, 32)
    groups = parameter_groups(network, Transfer(layer_decay=0.5), FIT)
    grouped = [id(p) for group in groups for p in group["params"]]
    assert sorted(grouped) == sorted(id(p) for p in network.parameters())
    for group in groups:
        dimensions = {p.ndim > 1 for p in group["params"]}
        assert dimensions == {group["weight_decay"] == FIT.weight_decay}
        assert group["weight_decay"] in (0, FIT.weight_decay)


@pytest.mark.parametrize(
    ("name", "halvings"),
    [
        ("lenet5", {"head": 0, "f6": 1, "c5": 2, "c3": 3, "c1": 4}),
        # Side heads learn as fast as the head; a stage that is only a pool takes no share.
        (
            "googlenet",
            {"head": 0, "auxiliary": 0, "inception5": 1, "inception4e": 2, "inception4d": 3}
            | {"inception4a": 4, "inception3": 5, "stem": 6},
        ),
    ],
)
def test_each_stage_learns_at_its_share_of_the_next_ones_rate(name: str, halvings: dict[str, int]) -> None:
    network = built(name, 32)
    rates: dict[str, set[float]] = {}
    for group in parameter_groups(network, Transfer(layer_decay=0.5), FIT):
        for part in parts_with(network, group["params"]):
            rates.setdefault(part, set()).add(group["lr"])
    assert rates == {part: {FIT.learning_rate / 2**n} for part, n in halvings.items()}


def test_a_side_head_stands_still_with_the_stage_that_it_looks_at() -> None:
    network = built("googlenet", 32)
    still = frozen_stages(network, Transfer(train="last_stages", stages=3), 0.0)
    set_frozen(network, still)
    learning = parts_with(network, [p for p in network.parameters() if p.requires_grad])
    assert learning == {"head", "auxiliary", "inception4d", "inception4e", "inception5"}
    assert not any(p.requires_grad for p in network.auxiliary["inception4a"].parameters())
    assert all(p.requires_grad for p in network.auxiliary["inception4d"].parameters())


def test_what_was_frozen_learns_again_when_nothing_is() -> None:
    network = built("lenet5", 32)
    for transfer in (Transfer(train="head"), Transfer()):
        set_frozen(network, frozen_stages(network, transfer, 0.0))
    assert all(p.requires_grad for p in network.parameters())


@pytest.mark.parametrize(("name", "stages", "there"), [("lenet5", 5, 4), ("logistic", 1, 0), ("resnet18", 6, 5)])
def test_more_stages_than_there_are_is_told_with_their_number(name: str, stages: int, there: int) -> None:
    network = built(name, 32)
    with pytest.raises(BadRecipe) as told:
        frozen_stages(network, Transfer(train="last_stages", stages=stages), 0.0)
    assert str(told.value) == (f"transfer.stages: {stages} stages are to learn; {there} have weights: use train: all")


def test_a_recipe_with_too_many_stages_leaves_no_run_behind(dataset: Dataset, tmp_path: Path) -> None:
    path = written(tmp_path, LENET, train="last_stages", stages=9)
    with pytest.raises(BadRecipe, match=r"^transfer\.stages: 9 stages are to learn; 4 have weights"):
        fit(path, dataset, tmp_path / "run")
    assert list(tmp_path.iterdir()) == [path]
