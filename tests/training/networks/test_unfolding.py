from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from roadsight_models import bundle as bundles
from roadsight_models.frame import Pixels
from roadsight_training.errors import BadWeights
from roadsight_training.golden import golden_file
from roadsight_training.graph import to_onnx, torch_logits
from roadsight_training.networks import Network
from roadsight_training.networks.unfolding import BATCH, settle, unfold
from training.networks.proving import SHIPPED, SHIPPED_NETWORK, SHIPPED_SIDE, built, frames, live_in, rule

SIDE = 8


def noise(n: int, side: int) -> Pixels:
    return np.random.default_rng(0).integers(0, 256, (n, side, side, 3), np.uint8)


def logits(network: Network, pixels: Pixels) -> Tensor:
    with torch.no_grad():
        out: Tensor = network(torch.from_numpy(pixels)).logits
    return out


@pytest.fixture(scope="module")
def shipped() -> bundles.Bundle:
    return bundles.load(SHIPPED)


@pytest.fixture(scope="module")
def exported(shipped: bundles.Bundle, tmp_path_factory: pytest.TempPathFactory) -> bundles.Bundle:
    """A fully connected network of five classes, 8 x 8 pixels, and two hidden layers, as a bundle."""
    network, five = (
        built("mlp", SIDE, hidden=(6, 5)),
        {"labels": tuple("abcde"), "architecture": "mlp", "precisions": ()},
    )
    files = {
        bundles.CLASSIFIER: to_onnx(network, rule(SIDE)),
        bundles.GOLDEN: golden_file(network.eval(), rule(SIDE)),
    }
    return bundles.save(tmp_path_factory.mktemp("bundles"), shipped.manifest.model_copy(update=five), files)


@pytest.fixture
def unfolded(shipped: bundles.Bundle) -> Network:
    network = built(side=SHIPPED_SIDE, classes=len(shipped.manifest.labels), dropout=0, **SHIPPED_NETWORK)
    network.load_state_dict(unfold(shipped, network))
    return network


def test_the_shipped_bundle_gives_back_a_network_with_its_golden_logits(
    shipped: bundles.Bundle, unfolded: Network
) -> None:
    assert sum(isinstance(layer, nn.BatchNorm2d) for layer in unfolded.modules()) > 40
    golden = shipped.golden()
    np.testing.assert_allclose(torch_logits(unfolded.eval(), golden.frames), golden.logits, atol=1e-3)


def test_settled_it_trains_from_what_it_is_in_evaluation(unfolded: Network) -> None:
    pixels = frames(SHIPPED_SIDE)
    evaluated = logits(unfolded.eval(), pixels)
    apart = float(evaluated.std(0).max())
    trained = logits(deepcopy(unfolded).train(), pixels)
    assert (trained - evaluated).abs().max() > 0.3 * apart  # without settling, training would begin somewhere else
    settle(unfolded, pixels)
    assert unfolded.training
    assert all(layer.training for layer in unfolded.modules())
    torch.testing.assert_close(logits(unfolded, pixels), evaluated, atol=2e-2 * apart, rtol=0)


NORMED: list[dict[str, Any]] = [
    {"name": "mlp", "hidden": (9, 7), "batch_norm": True},
    {"name": "lenet5", "activation": "maxout", "batch_norm": True},
    {"name": "resnet18"},
]


@pytest.mark.parametrize("asked", NORMED, ids=lambda asked: str(asked["name"]))
def test_settling_changes_nothing_of_what_is_evaluated(asked: dict[str, Any]) -> None:
    network, pixels = built(**asked, side=32, dropout=0), noise(40, 32)
    live_in(network)
    evaluated = logits(network.eval(), frames(32))
    settle(network, pixels)
    layers = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d)]
    statistics = [layer.running_var.clone() for layer in layers if layer.running_var is not None]
    torch.testing.assert_close(logits(network.eval(), frames(32)), evaluated, atol=1e-4, rtol=1e-3)
    # Those of the pictures: a step of training that takes them over finds them there already.
    for layer in layers:
        layer.momentum = 1.0
    logits(network.train(), pixels)
    for layer, variance in zip(layers, statistics, strict=True):
        assert layer.running_var is not None
        torch.testing.assert_close(layer.running_var, variance, rtol=0.05, atol=1e-4)  # divided by n - 1 there


def test_more_pictures_than_fit_a_batch_count_alike() -> None:
    pixels = noise(2 * BATCH + 30, SIDE)
    pixels[BATCH:] //= 3  # the last batch, a small one, is not like the first
    network = built("mlp", SIDE, hidden=(6,), batch_norm=True)
    layer = network.stages["hidden1"].get_submodule("1")
    seen: list[Tensor] = []
    layer.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    settle(network, pixels)
    everything = torch.cat(seen)
    torch.testing.assert_close(layer.get_buffer("running_mean"), everything.mean(0), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(layer.get_buffer("running_var"), everything.var(0, correction=0), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"name": "mlp", "hidden": (6,)}, "its graph has 1 layers more than the network"),
        ({"name": "mlp", "hidden": (6, 5, 4)}, r"its graph has no weights for head\.1"),
        ({"name": "resnet18"}, r"its graph has no weights for stages\.stem\.0"),
    ],
)
def test_a_graph_of_other_layers_is_refused(asked: dict[str, Any], said: str, exported: bundles.Bundle) -> None:
    with pytest.raises(BadWeights, match=f"{exported.folder}: {said}"):
        unfold(exported, built(**asked, side=SIDE))


def test_weights_of_another_shape_are_given_as_they_are_and_fit_no_network(exported: bundles.Bundle) -> None:
    network = built("mlp", SIDE, hidden=(6, 4))
    state = unfold(exported, network)
    assert state["stages.hidden2.0.weight"].shape == (5, 6)
    with pytest.raises(RuntimeError, match="size mismatch"):
        network.load_state_dict(state)


# Each is folded in its own way: filters without a bias, filters and dense layers with one, after a maximum not at all.
FOLDED: list[dict[str, Any]] = [
    {"name": "resnet18"},
    {"name": "lenet5", "batch_norm": True, "normalisation": "mean_image"},
    {"name": "mlp", "batch_norm": True, "hidden": (9, 8)},
    {"name": "mlp", "batch_norm": True, "hidden": (9, 8), "activation": "maxout"},
]


@pytest.mark.parametrize("asked", FOLDED, ids=lambda asked: "-".join(str(value) for value in asked.values()))
def test_a_network_comes_back_from_its_bundle_and_trains_as_it_is_evaluated(
    asked: dict[str, Any], shipped: bundles.Bundle, tmp_path: Path
) -> None:
    network, back = (built(**asked, side=32, dropout=0, seed=seed) for seed in (0, 1))
    live_in(network)
    network.normalise.mean.uniform_(90, 130)
    told = {"labels": tuple("abcde"), "architecture": asked["name"], "input": rule(32)}
    (tmp_path / bundles.CLASSIFIER).write_bytes(to_onnx(network, rule(32)))
    (tmp_path / bundles.GOLDEN).write_bytes(golden_file(network.eval(), rule(32)))
    bundle = bundles.Bundle(tmp_path, shipped.manifest.model_copy(update=told))
    back.load_state_dict(unfold(bundle, back))
    wanted = logits(network, frames(32))
    apart = float(wanted.std(0).max())
    assert apart > 1e-3
    torch.testing.assert_close(logits(back.eval(), frames(32)), wanted, atol=1e-3 * apart, rtol=0)
    settle(back, frames(32))
    torch.testing.assert_close(logits(back.eval(), frames(32)), wanted, atol=1e-3 * apart, rtol=0)
    torch.testing.assert_close(logits(back.train(), frames(32)), wanted, atol=1e-3 * apart, rtol=0)


def test_a_channel_that_never_changes_is_settled_to_finite_numbers() -> None:
    network = built("lenet5", 32, batch_norm=True)
    live_in(network)
    nn.init.zeros_(next(layer for layer in network.modules() if isinstance(layer, nn.Conv2d)).weight)
    evaluated = logits(network.eval(), frames(32))
    settle(network, frames(32))
    assert all(tensor.isfinite().all() for tensor in network.state_dict().values())
    torch.testing.assert_close(logits(network.eval(), frames(32)), evaluated, atol=1e-4, rtol=1e-3)
