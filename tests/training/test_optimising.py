import math
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch
from torch import nn, optim
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler, OneCycleLR, StepLR

from roadsight_training import loggers
from roadsight_training.datasets import Dataset, open_dataset
from roadsight_training.fit import fit
from roadsight_training.judging.history import read_history
from roadsight_training.losses import LOSSES
from roadsight_training.networks import Network, build
from roadsight_training.optimising import OPTIMISERS, SHAPES, START, rate_factor
from roadsight_training.prepare import decode_parts, measure_normalisation, start_network, validation_loaders
from roadsight_training.recipe import Fit, Recipe, Transfer, parse
from roadsight_training.recipe import Network as Options
from roadsight_training.transfer import parameter_groups
from training import tiny

FIT: dict[str, object] = {"epochs": 4, "batch_size": 8, "learning_rate": 0.01, "average_decay": 0}
RATES = {"sgd": 0.1, "momentum": 0.03, "nesterov": 0.03, "adadelta": 1.0, "rmsprop": 0.001}


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return open_dataset(tiny.learnable(tmp_path_factory.mktemp("optimising")))


@pytest.fixture(autouse=True)
def tensorboard_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow is proven elsewhere, and slow to load."""
    monkeypatch.setattr(loggers, "find_spec", lambda name: None)


def options(**asked: object) -> Fit:
    return Fit.model_validate({"epochs": 1, "learning_rate": 0.1} | asked)


def written(place: Path, **asked: object) -> Path:
    return tiny.recipe(place / "tiny.yaml", fit=FIT | asked)


def untrained_loss(recipe: Recipe, dataset: Dataset) -> float:
    """The validation loss of a network that has learnt nothing."""
    parts = decode_parts(recipe, dataset)
    torch.manual_seed(0)
    network = start_network(recipe, parts.labels).eval()
    measure_normalisation(recipe, parts, network)
    (batch,) = validation_loaders(recipe, parts)[0]
    return LOSSES[recipe.fit.loss](network(batch.frames).logits, batch.targets, recipe.fit).mean().item()


def lowers_the_loss(place: Path, dataset: Dataset, **asked: object) -> bool:
    path = written(place, **asked)
    trained = read_history(fit(path, dataset, place / "run").logs)["val_loss"].values[-1]
    return trained < 0.7 * untrained_loss(parse(path.read_text(), path), dataset)


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_every_optimiser_lowers_the_loss_of_a_real_run(optimiser: str, tmp_path: Path, dataset: Dataset) -> None:
    assert lowers_the_loss(tmp_path, dataset, optimiser=optimiser, learning_rate=RATES.get(optimiser, 0.01))


@pytest.mark.parametrize("schedule", SHAPES)
def test_every_schedule_lowers_the_loss_of_a_real_run(schedule: str, tmp_path: Path, dataset: Dataset) -> None:
    assert lowers_the_loss(tmp_path, dataset, schedule=schedule)


def test_a_run_goes_through_its_whole_schedule_by_steps_of_the_optimiser(tmp_path: Path, dataset: Dataset) -> None:
    run = fit(written(tmp_path, schedule="cosine", warm_up=0, accumulate=2), dataset, tmp_path / "run")
    rates = read_history(run.logs)["lr-AdamW/pg1"]
    steps = 4 * 6 // 2
    assert rates.steps == (5, steps - 1)
    wanted = [0.01 * rate_factor(step / steps, run.recipe.fit) for step in rates.steps]
    assert rates.values == pytest.approx(wanted)


def rates_of(make: Callable[..., LRScheduler], steps: int, **how: float) -> list[float]:
    """What torch's schedule makes of a peak of 1."""
    optimiser = optim.SGD([nn.Parameter(torch.zeros(1))], 1.0)
    schedule, rates = make(optimiser, **how), []
    for _ in range(steps):
        rates.append(schedule.get_last_lr()[0])
        optimiser.step()
        schedule.step()
    return [float(rate) for rate in rates]


def factors(steps: int, whole: int, **asked: object) -> list[float]:
    return [rate_factor(step / whole, options(**asked)) for step in range(steps)]


def test_one_cycle_is_torchs() -> None:
    # Torch ends a phase a step early: its 101 rates with a peak at step 15 are ours over 100 steps.
    wanted = rates_of(OneCycleLR, 101, max_lr=1.0, total_steps=101, pct_start=16 / 101, cycle_momentum=False)
    assert factors(101, 100, schedule="one_cycle", warm_up=0.15) == pytest.approx(wanted, abs=1e-9)


def test_step_is_torchs() -> None:
    wanted = rates_of(StepLR, 40, step_size=10, gamma=0.3)
    assert factors(40, 40, schedule="step", warm_up=0, step_every=0.25, step_factor=0.3) == pytest.approx(wanted)


def test_cosine_is_torchs() -> None:
    wanted = rates_of(CosineAnnealingLR, 41, T_max=40)
    assert factors(41, 40, schedule="cosine", warm_up=0) == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("schedule", ["constant", "plateau", "step", "cosine"])
def test_a_warm_up_rises_evenly_and_then_the_schedule_has_the_rest_of_the_run(schedule: str) -> None:
    asked = options(schedule=schedule, warm_up=0.2)
    assert [rate_factor(done, asked) for done in (0, 0.1, 0.2)] == pytest.approx([START, (START + 1) / 2, 1])
    without = options(schedule=schedule, warm_up=0)
    for rest in (0, 0.3, 0.5, 0.9, 1):
        assert rate_factor(0.2 + 0.8 * rest, asked) == pytest.approx(rate_factor(rest, without))


def drawn_network() -> Network:
    torch.manual_seed(0)
    network = build(Options(name="mlp", hidden=(4,), batch_norm=True), 3, (16, 16))
    for parameter in network.parameters():
        nn.init.constant_(parameter, 1.0)
    return network


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_weight_decay_touches_matrices_alone_under_every_optimiser(optimiser: str) -> None:
    network, asked = drawn_network(), options(optimiser=optimiser, weight_decay=0.5)
    step = OPTIMISERS[optimiser](parameter_groups(network, Transfer(), asked), asked)
    for parameter in network.parameters():
        parameter.grad = torch.zeros_like(parameter)
    step.step()
    matrices = [p for p in network.parameters() if p.ndim > 1]
    vectors = [p for p in network.parameters() if p.ndim == 1]
    assert matrices
    assert vectors
    assert all((p < 1).all() for p in matrices)
    assert all((p == 1).all() for p in vectors)
    if optimiser in ("sgd", "adamw"):  # both take rate x decay away, not a step of the optimiser
        assert all(torch.allclose(p, torch.full_like(p, 0.95)) for p in matrices)


@pytest.mark.parametrize(
    ("optimiser", "gone"),
    [
        ("sgd", (1, 2)),
        ("momentum", (1, 1 + 1.5)),
        ("nesterov", (1.5, 1.5 + 1.75)),  # v = 1, then 1.5; a step is gradient + momentum x v
        ("adagrad", (1, 1 + 1 / math.sqrt(2))),
        ("adam", (1, 2)),
        ("adamw", (1, 2)),
        ("rmsprop", (10, 10 + 5 + 1 / math.sqrt(1 - 0.99**2))),
    ],
)
def test_a_slope_of_1_is_gone_down_as_the_paper_says(optimiser: str, gone: Sequence[float]) -> None:
    more = {"momentum": 0.5} if optimiser in ("momentum", "nesterov", "rmsprop") else {}
    asked, weight = options(optimiser=optimiser, **more), nn.Parameter(torch.zeros(1))
    step, places = OPTIMISERS[optimiser]([{"params": [weight], "weight_decay": 0.0}], asked), []
    for _ in range(2):
        weight.grad = torch.ones(1)
        step.step()
        places.append(-weight.item() / asked.learning_rate)
    assert places == pytest.approx(gone, rel=1e-4)
