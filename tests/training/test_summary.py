"""Figures are worked by hand from the papers' tables, or known from torchvision's documentation of its weights."""

from collections.abc import Mapping

import pytest
import torch
from torch import Tensor, nn

from roadsight_models import cli
from roadsight_training.errors import BadRecipe
from roadsight_training.networks import NETWORKS, Network, build
from roadsight_training.networks.network import per_channel
from roadsight_training.recipe import Network as Options
from roadsight_training.summary import Layer, Summary, summarise


def summary_of(name: str, side: int, classes: int = 1000) -> Summary:
    with torch.device("meta"):
        network = build(Options(name=name), classes, (side, side))
    return summarise(network, (side, side))


def staged(**stages: nn.Module) -> Network:
    return Network(per_channel((0, 0, 0), (1, 1, 1)), stages, nn.Identity())


def layers(network: Network, height: int, width: int) -> Mapping[str, Layer]:
    return {layer.name: layer for layer in summarise(network, (height, width)).layers}


def test_lenet5_is_what_its_paper_draws() -> None:
    found = summary_of("lenet5", 32, 10)
    assert [
        (layer.name, layer.shape, layer.receptive_field, layer.parameters, layer.macs) for layer in found.layers
    ] == [
        ("c1.0.0", (6, 28, 28), 5, 6 * (3 * 25 + 1), 6 * 28 * 28 * 3 * 25),
        ("c1.1", (6, 14, 14), 6, 0, 0),
        ("c3.0.0", (16, 10, 10), 14, 16 * (6 * 25 + 1), 16 * 10 * 10 * 6 * 25),
        ("c3.1", (16, 5, 5), 16, 0, 0),
        ("c5.0", (120, 1, 1), 32, 120 * (16 * 25 + 1), 120 * 16 * 25),
        ("f6.0", (120,), 32, 0, 0),
        ("f6.1.0", (84,), "all", 84 * (120 + 1), 84 * 120),
        ("head.1", (10,), "all", 10 * (84 + 1), 10 * 84),
    ]
    assert not any(layer.left_over for layer in found.layers)


@pytest.mark.parametrize(
    ("name", "parameters", "gmacs"),
    [
        ("alexnet", 61_100_840, 0.714),
        ("vgg16", 138_357_544, 15.470),
        ("vgg19_bn", 143_678_248, 19.632),
        ("googlenet", 6_624_904, 1.498),  # without the auxiliary heads
        ("resnet18", 11_689_512, 1.814),
        ("resnet34", 21_797_672, 3.664),
        ("resnet50", 25_557_032, 4.089),
        ("mobilenet_v3_small", 2_542_856, 0.057),
        ("efficientnet_lite0", 4_652_008, 0.385),
    ],
)
def test_parameters_and_macs_are_the_published_ones(name: str, parameters: int, gmacs: float) -> None:
    found = summary_of(name, 224)
    assert found.parameters == parameters
    assert found.macs / 1e9 == pytest.approx(gmacs, abs=5e-4)


@pytest.mark.parametrize(
    ("name", "pixels"),
    [
        ("alexnet", 163),
        ("vgg16", 196),
        ("resnet18", 435),
        (
            "resnet50",
            427,
        ),  # torchvision strides in the 3 x 3 convolution; in the 1 x 1, as in the paper, it would be 483
        ("mobilenet_v3_small", "all"),  # squeeze-and-excitation looks at the whole map
        ("logistic", "all"),
    ],
)
def test_the_receptive_field_of_the_last_convolution(name: str, pixels: int | str) -> None:
    assert summary_of(name, 64).receptive_field == pixels


def test_the_last_pool_of_vgg16_sees_212_pixels() -> None:
    assert {layer.name: layer for layer in summary_of("vgg16", 224).layers}["block5.6"].receptive_field == 212


@pytest.mark.parametrize("name", NETWORKS)
def test_every_parameter_but_those_of_side_heads_is_in_a_layer(name: str) -> None:
    with torch.device("meta"):
        network = build(Options(name=name), 43, (64, 64))
    found = summarise(network, (64, 64))
    assert found.parameters == sum(p.numel() for part in (network.stages, network.head) for p in part.parameters())
    assert (found.layers[-1].shape, found.layers[-1].receptive_field) == ((43,), "all")


def test_the_network_is_left_as_it_was() -> None:
    network = build(Options(name="resnet18"), 3, (64, 64))
    network.stages["layer1"].eval()
    modes = [module.training for module in network.modules()]
    weights = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    summarise(network, (64, 64))
    assert [module.training for module in network.modules()] == modes
    assert all(torch.equal(tensor, weights[name]) for name, tensor in network.state_dict().items())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in network.modules())


def test_a_receptive_field_is_where_the_gradient_reaches() -> None:
    torch.manual_seed(0)
    network = build(Options(name="resnet18"), 3, (128, 128)).eval()
    first = next(network.stages["layer2"].children())
    stages = nn.Sequential(network.stages["stem"], network.stages["layer1"], first)
    frames = torch.rand(1, 3, 128, 128, requires_grad=True)
    stages(frames)[0, :, 8, 8].sum().backward()
    assert frames.grad is not None
    rows = frames.grad.abs().sum((0, 1, 3)).nonzero().flatten()
    reached = int(rows.max() - rows.min()) + 1
    assert reached == layers(network, 128, 128)["layer2.0.conv2"].receptive_field == 67


def test_dilation_widens_and_the_wider_branch_counts() -> None:
    class Both(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.near, self.far = nn.Conv2d(3, 2, 1), nn.Conv2d(3, 2, 3, padding=2, dilation=2)

        def forward(self, x: Tensor) -> Tensor:
            return torch.cat((self.near(x), self.far(x)), 1)

    found = layers(staged(both=Both(), after=nn.Conv2d(4, 1, 3)), 9, 12)
    assert [found[name].receptive_field for name in ("both.near", "both.far", "after")] == [1, 5, 7]
    assert found["after"].shape == (1, 7, 10)


def test_grouped_convolutions_cost_a_group_each() -> None:
    found = layers(staged(depthwise=nn.Conv2d(3, 6, 3, padding=1, groups=3)), 8, 8)["depthwise"]
    assert (found.parameters, found.macs) == (6 * (9 + 1), 6 * 8 * 8 * 9)


@pytest.mark.parametrize(
    ("side", "layer", "left_over", "dropped"),
    [
        (224, "conv1.0", 1, 0),  # (224 - 11 + 4) / 4 is 54 and 1 over, which is of the padding
        (227, "conv1.0", 0, 0),  # (227 - 11 + 4) / 4 is 55
        (227, "conv1.2", 1, 1),  # (56 - 3) / 2 is 26 and 1 over
        (226, "conv1.0", 3, 1),  # (226 - 11 + 4) / 4 is 54 and 3 over, of which 2 are padding
    ],
)
def test_a_stride_that_does_not_fit_alexnet_is_marked(side: int, layer: str, left_over: int, dropped: int) -> None:
    found = {found.name: found for found in summary_of("alexnet", side).layers}[layer]
    assert (found.left_over, found.dropped) == (left_over, dropped)


@pytest.mark.parametrize(
    ("pool", "side", "out", "left_over"),
    [
        (nn.MaxPool2d(3, 2), 8, 3, 1),
        (nn.MaxPool2d(3, 2, ceil_mode=True), 8, 4, 0),  # the last window hangs over the border
        (nn.MaxPool2d(3, 2, ceil_mode=True), 7, 3, 0),
        (nn.MaxPool2d(1, 2), 8, 4, 1),
        (nn.AdaptiveAvgPool2d(3), 8, 3, 0),
        (nn.AdaptiveAvgPool2d(7), 2, 7, 0),
    ],
)
def test_only_a_pool_that_rounds_down_drops_pixels(pool: nn.Module, side: int, out: int, left_over: int) -> None:
    found = layers(staged(pool=pool), 9 if side == 8 else side, side)["pool"]
    assert (found.shape[2], found.left_over) == (out, left_over)


def test_a_picture_too_small_for_a_layer_is_refused_by_its_name() -> None:
    said = (
        r"^input: 3x64x20 is too small: layer block5\.4 \(MaxPool2d\) .* window of 2x2 does not fit into 4x1, padding"
    )
    with torch.device("meta"):
        network = build(Options(name="vgg11"), 43, (64, 20))
    with pytest.raises(BadRecipe, match=said):
        summarise(network, (64, 20))


def ended(*arguments: str) -> str | int | None:
    with pytest.raises(SystemExit) as end:
        cli.main(("summary", *arguments))
    return end.value.code


def test_the_command_prints_every_figure_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended("googlenet", "--input", "3x224x224", "--classes", "1000") == 0
    printed = capsys.readouterr().out
    assert "…" not in printed
    assert printed.startswith("googlenet for 3x224x224, 1000 classes")
    rows = [line.split() for line in printed.splitlines()]
    assert ["stem.0.conv", "Conv2d", "64x112x112", "7", "9,408", "118,013,952", "1", "of", "padding"] in rows
    assert ["head.1", "Linear", "1000", "all", "1,025,000", "1,024,000"] in rows
    assert ["all", "of", "it", "6,624,904", f"{summary_of('googlenet', 224).macs:,}"] in rows
    assert "is no integer" in printed


def test_nothing_is_explained_where_all_fits(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended("lenet5", "--input", "3x32x32") == 0
    printed = capsys.readouterr().out
    assert "lenet5 for 3x32x32, 43 classes" in printed
    assert "is no integer" not in printed


@pytest.mark.parametrize("shape", ["64", "64x64", "1x64x64", "3x64", "3x0x64", "3x-4x64", "3x64x64x1", "3x64x٦٤", ""])
def test_what_is_no_shape_is_one_line(shape: str) -> None:
    expected = f"error: --input: {shape!r} is no shape; 3xHEIGHTxWIDTH is expected, such as 3x64x64"
    assert ended("lenet5", "--input", shape) == expected


def test_a_picture_that_is_too_small_is_one_line() -> None:
    said = str(ended("lenet5", "--input", "3x16x16"))
    assert said.startswith("error: input: 3x16x16 is too small: layer c5.0 (Conv2d) would have no output")


def test_an_unknown_network_is_told_with_the_nearest_and_all() -> None:
    said = str(ended("resnet19"))
    assert "no network 'resnet19'" in said
    assert "did you mean 'resnet" in said
    assert all(name in said for name in NETWORKS)
