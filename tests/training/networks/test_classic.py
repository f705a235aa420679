import pytest
import torch
from torch import nn
from torchvision.models import get_model_weights  # type: ignore[import-untyped]

from roadsight_training.networks import NETWORKS, build
from roadsight_training.networks.mobile import CHECKPOINTS
from roadsight_training.recipe import Network as Options
from training.networks.proving import CLASSES, batch, built, count
from training.networks.test_every_network import OURS

TORCHVISION = [name for name in NETWORKS if name not in (*OURS, *CHECKPOINTS)]
CONVOLUTIONS = {"vgg11": 8, "vgg13": 10, "vgg16": 13, "vgg19": 16}  # Simonyan and Zisserman 2014, table 1


@pytest.mark.parametrize("name", TORCHVISION)
def test_a_network_has_as_many_parameters_as_torchvision_publishes_side_heads_apart(name: str) -> None:
    with torch.device("meta"):
        network = build(Options(name=name), 1000, (224, 224))
    published = get_model_weights(name).DEFAULT.meta["num_params"]
    assert count(network.stages) + count(network.head) == published


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_a_vgg_has_the_layers_of_its_column_in_five_blocks(name: str) -> None:
    with torch.device("meta"):
        plain, normed = (build(Options(name=name + norm), CLASSES, (64, 64)) for norm in ("", "_bn"))
    for network in (plain, normed):
        assert list(network.stages) == ["block1", "block2", "block3", "block4", "block5", "dense"]
        layers = list(network.modules())
        assert sum(isinstance(layer, nn.Conv2d) for layer in layers) == CONVOLUTIONS[name]
        assert sum(isinstance(layer, nn.Linear) for layer in layers) == 3
    norms = [layer for layer in normed.modules() if isinstance(layer, nn.BatchNorm2d)]
    assert len(norms) == CONVOLUTIONS[name]
    assert count(normed) - count(plain) == sum(2 * layer.num_features for layer in norms)


def test_alexnet_normalises_over_neighbouring_channels_as_its_paper_says() -> None:
    network = built("alexnet", 64, local_response_norm=True)
    norms = [layer for layer in network.modules() if isinstance(layer, nn.LocalResponseNorm)]
    assert len(norms) == 2
    assert all(isinstance(network.stages[name].get_submodule("2"), nn.LocalResponseNorm) for name in ("conv1", "conv2"))
    x = torch.rand(1, 8, 1, 1) * 50
    a = x.flatten()
    # Krizhevsky et al. 2012, section 3.3: k = 2, n = 5, alpha = 1e-4, beta = 0.75.
    wanted = [a[i] / (2 + 1e-4 * a[max(0, i - 2) : i + 3].square().sum()) ** 0.75 for i in range(8)]
    torch.testing.assert_close(norms[0](x).flatten(), torch.stack(wanted))
    assert not any(isinstance(layer, nn.LocalResponseNorm) for layer in built("alexnet", 64).modules())


def test_googlenet_has_nine_inceptions_and_two_side_heads_in_training_alone() -> None:
    network, shown = built("googlenet", 64), batch(2, 64)
    assert sum(type(layer).__name__ == "Inception" for layer in network.modules()) == 9
    assert list(network.auxiliary) == ["inception4a", "inception4d"]
    assert [side.shape for side in network.train()(shown.frames).auxiliary] == [(2, CLASSES)] * 2
    assert network.eval()(shown.frames).auxiliary == ()


@pytest.mark.parametrize("name", ["alexnet", "vgg11", "googlenet", "resnet18", "mobilenet_v3_small"])
def test_dropout_is_as_strong_as_the_recipe_says(name: str) -> None:
    with torch.device("meta"):
        network = build(Options(name=name, dropout=0.35), CLASSES, (64, 64))
    serving = [*network.stages.modules(), *network.head.modules()]
    rates = {layer.p for layer in serving if isinstance(layer, nn.Dropout)}
    assert 0.35 in rates
