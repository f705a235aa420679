import numpy as np
import pytest
import torch
from torch import Tensor, nn

from roadsight_training.judging.insight import activation_maps, first_layer_filters, grad_cam, mapped_stages
from roadsight_training.networks import Network, build
from roadsight_training.networks.network import per_channel
from roadsight_training.recipe import Network as Options

SIZE = (64, 64)
FAMILIES = (
    *("logistic", "mlp", "lenet5", "alexnet", "vgg11_bn", "googlenet"),
    *("plain18", "resnet18", "mobilenet_v3_small", "efficientnet_lite0"),
)


def pool() -> nn.Module:
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())


class OfTheLeft(nn.Module):
    """Passes on what lies in the left half, and nothing of the right."""

    def forward(self, x: Tensor) -> Tensor:
        seen = torch.zeros_like(x)
        seen[..., : x.shape[-1] // 2] = 1
        return x * seen


def half_blind() -> Network:
    """Sees brightness, in the left half alone; it speaks for class 1."""
    bright = nn.Conv2d(3, 1, 4, stride=4, bias=False)
    nn.init.constant_(bright.weight, 1.0)
    head = nn.Linear(1, 2)
    with torch.no_grad():
        head.weight.copy_(torch.tensor([[-1.0], [1.0]]))
    stages = {"bright": nn.Sequential(OfTheLeft(), bright), "pool": pool()}
    return Network(per_channel((0.0,) * 3, (255.0,) * 3), stages, head)


def test_the_left_half_lights_up_where_only_the_left_half_is_looked_at() -> None:
    frames = np.full((1, 32, 32, 3), 200, np.uint8)
    (shown,) = grad_cam(half_blind(), frames, np.array([1]))
    assert shown.shape == (32, 32)
    np.testing.assert_allclose(shown[:, :12], 1, atol=1e-6)
    assert shown[:, 20:].max() == 0


def test_nothing_lights_up_for_a_class_that_nothing_speaks_for() -> None:
    frames = np.full((1, 32, 32, 3), 200, np.uint8)
    assert grad_cam(half_blind(), frames, np.array([0])).max() == 0


def test_each_frame_is_asked_about_its_own_class() -> None:
    frames = np.full((2, 32, 32, 3), 200, np.uint8)
    shown = grad_cam(half_blind(), frames, np.array([0, 1]))
    assert shown.max((1, 2)) == pytest.approx([0, 1])


def test_a_known_convolution_is_shown_as_it_is() -> None:
    conv = nn.Conv2d(3, 2, 2, bias=False)
    with torch.no_grad():
        conv.weight.zero_()
        conv.weight[0, 0, 0, 0] = 0.5  # the strongest of its filter, whatever its size: full red
        conv.weight[1, :, 1, 1] = torch.tensor([-4.0, 2.0, 0.0])
    tiles, kind = first_layer_filters(Network(per_channel((0.0,) * 3, (1.0,) * 3), {"c": conv}, pool()), (8, 8))
    assert (tiles.shape, kind) == ((2, 2, 2, 3), "filter")
    assert tiles[0, 0, 0].tolist() == [255, 128, 128]
    assert tiles[1, 1, 1].tolist() == [0, 191, 128]
    assert (tiles[0, 1] == 128).all()


def test_logistic_regression_shows_what_it_holds_each_class_to_look_like() -> None:
    network = build(Options(name="logistic"), 5, (8, 6))
    unit = next(m for m in network.head.modules() if isinstance(m, nn.Linear))
    with torch.no_grad():
        unit.weight.zero_()
        unit.weight[2].view(3, 8, 6)[1, 7, 0] = 1  # green at the bottom left speaks for class 2
    tiles, kind = first_layer_filters(network, (8, 6))
    assert (tiles.shape, kind) == ((5, 8, 6, 3), "class")
    assert tiles[2, 7, 0].tolist() == [128, 255, 128]
    assert (np.delete(tiles.reshape(5, -1), 2, axis=0) == 128).all()


def test_activations_are_those_of_the_stage_that_was_asked_for() -> None:
    frames = np.full((2, 32, 32, 3), 255, np.uint8)
    maps = activation_maps(half_blind(), frames, "bright")
    assert maps.shape == (2, 1, 8, 8)
    np.testing.assert_allclose(maps[..., :4], 3 * 4 * 4)
    assert (maps[..., 4:] == 0).all()


@pytest.mark.parametrize("name", FAMILIES)
def test_every_network_shows_what_it_can(name: str) -> None:
    torch.manual_seed(0)
    network = build(Options(name=name), 5, SIZE).eval()
    frames = np.random.default_rng(0).integers(0, 256, (2, *SIZE, 3), np.uint8)
    filters = first_layer_filters(network, SIZE)
    assert filters.kind == {"logistic": "class", "mlp": "unit"}.get(name, "filter")
    assert filters.tiles.shape[3] == 3
    stages = mapped_stages(network, SIZE)
    if filters.kind != "filter":
        assert not stages
        with pytest.raises(ValueError, match="no stage of this network has a map"):
            grad_cam(network, frames, np.array([0, 1]))
        return
    for stage, sides in stages.items():
        maps = activation_maps(network, frames, stage)
        assert (maps.shape[0], maps.shape[2:]) == (2, sides)
    shown = grad_cam(network, frames, np.array([0, 1]))
    assert shown.shape == (2, *SIZE)
    assert 0 <= shown.min() <= shown.max() <= 1 + 1e-6
