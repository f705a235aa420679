import pytest
import torch
from torch import nn

from roadsight_training.errors import BadWeights
from roadsight_training.networks import NETWORKS
from roadsight_training.networks.efficientnet import by_position


@pytest.fixture(scope="module")
def frames() -> torch.Tensor:
    return torch.randint(0, 256, (2, 32, 32, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_takes_uint8_frames_and_names_its_outputs(name: str, frames: torch.Tensor) -> None:
    outputs = NETWORKS[name](5, "none", 0.2).eval()(frames)
    assert outputs.logits.shape == (2, 5)
    assert outputs.embedding.ndim == 2
    assert outputs.logits.dtype == outputs.embedding.dtype == torch.float32


def test_normalisation_is_inside_the_network() -> None:
    network = NETWORKS["efficientnet_lite0"](5, "none", 0.0)
    seen: list[torch.Tensor] = []
    network.body.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    network.eval()(torch.full((1, 32, 32, 3), 255, dtype=torch.uint8))
    assert seen[0].shape == (1, 3, 32, 32)
    assert (seen[0].min().item(), seen[0].max().item()) == (1, 1)  # (255 - 127) / 128


def test_imagenet_weights_fill_the_body_and_leave_the_head_alone() -> None:
    torch.manual_seed(0)
    network = NETWORKS["efficientnet_lite0"](5, "imagenet", 0.0)
    torch.manual_seed(0)
    again = NETWORKS["efficientnet_lite0"](5, "imagenet", 0.0)
    stem = network.body.get_parameter("conv_stem.weight")
    assert torch.equal(stem, again.body.get_parameter("conv_stem.weight"))
    # Trained running variances are no longer the ones that a fresh network starts with.
    assert not torch.equal(network.body.get_buffer("bn1.running_var"), torch.ones(32))
    assert [tuple(p.shape) for p in network.head.parameters()] == [(5, 1280), (5,)]


def test_weights_load_by_position_and_are_checked() -> None:
    wanted = nn.Linear(3, 2).state_dict()
    assert list(by_position({"a": torch.ones(2, 3), "b": torch.zeros(2)}, wanted)) == ["weight", "bias"]
    with pytest.raises(BadWeights, match="1 tensors where the network has 2"):
        by_position({"a": torch.ones(2, 3)}, wanted)
    with pytest.raises(BadWeights, match=r"b is \[3\] where bias is \[2\]"):
        by_position({"a": torch.ones(2, 3), "b": torch.zeros(3)}, wanted)


def test_a_missing_package_of_weights_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("roadsight_training.networks.efficientnet.PACKAGE", "efficientnet_lite9_model")
    with pytest.raises(BadWeights, match="in the package efficientnet-lite9-model"):
        NETWORKS["efficientnet_lite0"](5, "imagenet", 0.0)
