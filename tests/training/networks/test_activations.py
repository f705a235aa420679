from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from roadsight_training.losses import training_loss
from roadsight_training.networks.activations import ACTIVATIONS, INITIALISATIONS, Maxout
from roadsight_training.recipe import Fit
from training.networks.proving import batch, built

SIDE = 32
FIT = Fit(epochs=1, learning_rate=0.01)
AT = torch.tensor([[-2.0, 0.0, 3.0, 1.0]])


@pytest.mark.parametrize(
    ("activation", "wanted"),
    [
        ("sigmoid", [1 / (1 + np.exp(2)), 0.5, 1 / (1 + np.exp(-3)), 1 / (1 + np.exp(-1))]),
        ("tanh", [np.tanh(-2), 0, np.tanh(3), np.tanh(1)]),
        ("relu", [0, 0, 3, 1]),
        ("leaky_relu", [-0.2, 0, 3, 1]),
        ("elu", [np.exp(-2) - 1, 0, 3, 1]),
        ("maxout", [0, 3]),
    ],
)
def test_an_activation_is_the_function_of_its_name(activation: str, wanted: list[float]) -> None:
    assert ACTIVATIONS[activation]()(AT)[0].tolist() == pytest.approx(wanted, abs=1e-6)


def test_maxout_takes_the_larger_of_two_neighbouring_maps_at_each_pixel() -> None:
    maps = torch.stack([torch.tensor([[0.0, 9], [0, 9]]), torch.tensor([[5.0, 5], [5, 5]]), *torch.zeros(2, 2, 2)])
    assert Maxout()(maps[None])[0].tolist() == [[[5, 9], [5, 9]], [[0, 0], [0, 0]]]


def spread(layer: nn.Module) -> tuple[float, float]:
    """Standard deviation of a layer's weights, and the largest of them."""
    weight = layer.get_parameter("weight").detach()
    return float(weight.std()), float(weight.abs().max())


@pytest.mark.parametrize(("name", "inputs", "units"), [("mlp", 3 * SIDE * SIDE, 64), ("lenet5", 16 * 25, 120)])
def test_an_initialisation_spreads_weights_as_its_paper_says(name: str, inputs: int, units: int) -> None:
    def layer(initialisation: str) -> nn.Module:
        options: dict[str, Any] = {"hidden": (units,)} if name == "mlp" else {}
        stages = built(name, SIDE, initialisation=initialisation, **options).stages
        return stages["hidden1"].get_submodule("0") if name == "mlp" else stages["c5"].get_submodule("0")

    outputs = units if name == "mlp" else units * 25
    assert spread(layer("small_normal"))[0] == pytest.approx(0.01, rel=0.02)
    assert spread(layer("he"))[0] == pytest.approx((2 / inputs) ** 0.5, rel=0.02)
    deviation, largest = spread(layer("xavier"))
    assert deviation == pytest.approx((2 / (inputs + outputs)) ** 0.5, rel=0.02)
    assert largest == pytest.approx((6 / (inputs + outputs)) ** 0.5, rel=0.01)  # uniform: it has an edge


@pytest.mark.parametrize(("name", "by_default"), [("logistic", "small_normal"), ("mlp", "he"), ("lenet5", "xavier")])
def test_each_small_network_has_its_own_initialisation_unless_told(name: str, by_default: str) -> None:
    silent, told = (built(name, SIDE, initialisation=how).state_dict() for how in (None, by_default))
    assert all(torch.equal(silent[key], told[key]) for key in told)
    assert not any(told[key].any() for key in told if key.endswith(".bias"))


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("initialisation", INITIALISATIONS)
@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("name", ["mlp", "lenet5"])
def test_all_options_go_together(name: str, activation: str, initialisation: str, batch_norm: bool) -> None:
    few: dict[str, Any] = {"hidden": (16, 8)} if name == "mlp" else {}
    chosen: dict[str, Any] = {
        "activation": activation,
        "initialisation": initialisation,
        "batch_norm": batch_norm,
        "dropout": 0,
    }
    network, shown = built(name, SIDE, **few, **chosen), batch(5, SIDE)
    optimiser, losses = torch.optim.SGD(network.parameters(), lr=1e-4), []
    for _ in range(2):
        optimiser.zero_grad()
        losses.append(training_loss(network(shown.frames), shown, FIT))
        losses[-1].backward()  # type: ignore[no-untyped-call]
        assert all(p.grad is not None and p.grad.any() for p in network.parameters())
        optimiser.step()
    assert np.isfinite(losses[1].item())
    assert losses[1] <= losses[0]
