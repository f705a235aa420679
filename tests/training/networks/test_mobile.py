import math

import pytest
import torch
from torch import nn
from torch.nn.functional import pad

from roadsight_training.errors import BadWeights
from roadsight_training.networks import build
from roadsight_training.networks.mobile import CHECKPOINTS, by_position
from roadsight_training.recipe import Network as Options
from training.networks.proving import CLASSES, built, count, frames

# What the models of the package efficientnet-lite-pytorch 0.1.0, to which the weights belong, say of the first drawn
# sign at the side that they were trained at: the largest six of their 1,280 features, and the mean of all.
FEATURES = {
    ("efficientnet_lite0", 224): (
        {1088: 4.2517, 20: 3.9324, 1157: 3.6976, 1099: 3.6301, 1162: 3.6291, 707: 3.5688},
        0.14315,
    ),
    ("efficientnet_lite1", 240): (
        {284: 3.9905, 604: 3.9306, 26: 3.8190, 508: 3.2996, 289: 3.2526, 641: 3.1887},
        0.14487,
    ),
}


@pytest.mark.parametrize(("name", "parameters"), [("efficientnet_lite0", 4_652_008), ("efficientnet_lite1", 5_416_680)])
def test_efficientnet_lite_has_as_many_parameters_as_timm_publishes(name: str, parameters: int) -> None:
    with torch.device("meta"):
        assert count(build(Options(name=name), 1000, (224, 224))) == parameters


def pad_as_tensorflow_does(network: nn.Module) -> None:
    def padded(layer: nn.Conv2d, given: tuple[torch.Tensor]) -> torch.Tensor:
        sides = []
        for length, kernel in zip(given[0].shape[:1:-1], layer.kernel_size[::-1], strict=True):  # width, then height
            missing = max((math.ceil(length / 2) - 1) * 2 + kernel - length, 0)
            sides += [missing // 2, missing - missing // 2]
        return pad(given[0], sides)

    for layer in network.modules():
        if isinstance(layer, nn.Conv2d) and layer.stride == (2, 2):
            layer.padding = (0, 0)
            layer.register_forward_pre_hook(padded)


@pytest.mark.parametrize(("name", "side"), FEATURES)
def test_imagenet_weights_come_from_a_package_and_padded_as_in_tensorflow_are_its_own_model(
    name: str, side: int
) -> None:
    largest, mean = FEATURES[name, side]
    network = built(name, side, weights="imagenet").eval()
    shown = torch.from_numpy(frames(side)[:1])
    with torch.inference_mode():
        as_it_is = network(shown).embedding[0]
        pad_as_tensorflow_does(network)
        features = network(shown).embedding[0]
    assert features[list(largest)].tolist() == pytest.approx(list(largest.values()), abs=1e-3)
    assert float(features.mean()) == pytest.approx(mean, abs=1e-4)
    assert torch.cosine_similarity(as_it_is, features, 0) > 0.85  # the same but for the borders and some pixels


def test_imagenet_weights_leave_the_head_alone() -> None:
    network, other = (built("efficientnet_lite0", 32, seed=seed, weights="imagenet") for seed in (0, 1))
    heads, stages = (
        (part.state_dict() for part in parts) for parts in ((network.head, other.head), (network.stages, other.stages))
    )
    one, two = stages
    assert all(torch.equal(one[name], two[name]) for name in one)
    one, two = heads
    assert {name: tuple(tensor.shape) for name, tensor in one.items()} == {
        "1.weight": (CLASSES, 1280),
        "1.bias": (CLASSES,),
    }
    assert not torch.equal(one["1.weight"], two["1.weight"])


def test_a_missing_package_of_weights_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CHECKPOINTS, "efficientnet_lite0", ("efficientnet_lite9_model", "a.pth"))
    with pytest.raises(BadWeights, match="in the package efficientnet-lite9-model"):
        built("efficientnet_lite0", 32, weights="imagenet")


def test_weights_load_by_position_and_are_checked() -> None:
    wanted = nn.Linear(3, 2).state_dict()
    assert list(by_position({"a": torch.ones(2, 3), "b": torch.zeros(2)}, wanted)) == ["weight", "bias"]
    with pytest.raises(BadWeights, match="1 tensors where the network has 2"):
        by_position({"a": torch.ones(2, 3)}, wanted)
    with pytest.raises(BadWeights, match=r"b is \[3\] where bias is \[2\]"):
        by_position({"a": torch.ones(2, 3), "b": torch.zeros(3)}, wanted)
