import pytest
import torch
from torch import Tensor, nn

from roadsight_training.networks import Network
from roadsight_training.networks.small import Sigmoid2
from training.networks.proving import CLASSES, batch, built, count, frames

SIDE = 32


def kinds(network: nn.Module, *of: type[nn.Module]) -> list[type[nn.Module]]:
    """Of the layers of these kinds, from the picture on."""
    parts = (network.stages, network.head) if isinstance(network, Network) else (network,)
    return [type(layer) for part in parts for layer in part.modules() if isinstance(layer, of)]


def logits(network: Network) -> Tensor:
    with torch.inference_mode():
        out: Tensor = network(torch.from_numpy(frames(SIDE))).logits
    return out


def test_logistic_regression_is_one_matrix_on_pixels() -> None:
    network = built("logistic", SIDE).eval()
    assert count(network) == CLASSES * (3 * SIDE * SIDE + 1)
    network.head.get_parameter("1.bias").data.copy_(torch.arange(5.0))
    pixels = (torch.from_numpy(frames(SIDE)).permute(0, 3, 1, 2).flatten(1).float() - 127.5) / 64
    wanted = pixels @ network.head.get_parameter("1.weight").T + torch.arange(5.0)
    torch.testing.assert_close(logits(network), wanted.detach(), atol=1e-4, rtol=1e-4)


def test_two_classes_make_logistic_regression_one_sigmoid_unit() -> None:
    network = built("logistic", SIDE, classes=2).eval()
    assert kinds(network, Sigmoid2) == [Sigmoid2]
    assert count(network) == 3 * SIDE * SIDE + 1
    said = logits(network)
    assert not said[:, 0].any()
    assert said[:, 1].any()
    torch.testing.assert_close(said.softmax(1)[:, 1], said[:, 1].sigmoid())


def test_lenet5_is_of_1998_unless_the_recipe_asks_for_another() -> None:
    network = built("lenet5", SIDE)
    layers = (nn.Conv2d, nn.Tanh, nn.AvgPool2d, nn.Linear, nn.ReLU, nn.MaxPool2d)
    conv = [nn.Conv2d, nn.Tanh]
    assert kinds(network, *layers) == [*conv, nn.AvgPool2d, *conv, nn.AvgPool2d, *conv, nn.Linear, nn.Tanh, nn.Linear]
    modern = built("lenet5", SIDE, activation="relu", pooling="max")
    conv = [nn.Conv2d, nn.ReLU]
    assert kinds(modern, *layers) == [*conv, nn.MaxPool2d, *conv, nn.MaxPool2d, *conv, nn.Linear, nn.ReLU, nn.Linear]
    assert list(network.stages) == ["c1", "c3", "c5", "f6"]
    # LeCun et al. 1998, section II.B, has 156 + 12 + 1,516 + 32 + 48,120 + 10,164 for one channel: here are three,
    # every map of C3 sees all of S2, and pooling has no weights.
    assert [count(stage) for stage in network.stages.values()] == [156 + 300, 2416, 48_120, 10_164]


@pytest.mark.parametrize(("hidden", "widths"), [(None, [512, 256]), ((7,), [7]), ((9, 8, 7), [9, 8, 7])])
def test_a_fully_connected_network_is_as_deep_and_wide_as_asked(hidden: tuple[int, ...], widths: list[int]) -> None:
    network = built("mlp", SIDE, hidden=hidden)
    found = [layer.out_features for layer in network.stages.modules() if isinstance(layer, nn.Linear)]
    assert found == widths
    assert kinds(network.stages, nn.ReLU) == [nn.ReLU] * len(widths)
    assert network.head.get_parameter("1.weight").shape == (CLASSES, widths[-1])


@pytest.mark.parametrize("name", ["logistic", "mlp", "lenet5"])
def test_dropout_forgets_in_training_alone_and_as_much_as_asked(name: str) -> None:
    shown = batch(20, SIDE).frames
    network = built(name, SIDE, dropout=0.4)
    seen: list[Tensor] = []
    network.head.get_submodule("1").register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    for mode in (True, False):
        network.train(mode)(shown)
    forgotten = (seen[0] == 0).float().mean() - (seen[1] == 0).float().mean() * 0.6
    assert float(forgotten) == pytest.approx(0.4, abs=0.03)
    assert torch.equal(logits(network.eval()), logits(network.eval()))
    still = built(name, SIDE, dropout=0)
    assert torch.equal(still.train()(shown).logits, still.eval()(shown).logits)


@pytest.mark.parametrize("name", ["mlp", "lenet5"])
def test_batch_normalisation_is_before_each_activation(name: str) -> None:
    network = built(name, SIDE, batch_norm=True)
    norms = (nn.BatchNorm1d, nn.BatchNorm2d)
    of = (nn.Conv2d, nn.Linear, *norms, nn.Tanh, nn.ReLU)
    order = ["norm" if kind in norms else kind.__name__ for kind in kinds(network.stages, *of)]
    activation = "ReLU" if name == "mlp" else "Tanh"
    assert order.count("norm") == order.count(activation) == (2 if name == "mlp" else 4)
    assert all(order[i + 1] == activation for i, kind in enumerate(order) if kind == "norm")
    assert not kinds(built(name, SIDE, batch_norm=False), *norms)


def test_the_same_seed_starts_the_same_network() -> None:
    one, same, other = (built("lenet5", SIDE, seed=seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert not torch.equal(one["stages.c1.0.0.weight"], other["stages.c1.0.0.weight"])
