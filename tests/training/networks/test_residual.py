import pytest
import torch
from torch import nn

from roadsight_training.networks import build
from roadsight_training.recipe import Network as Options
from training.networks.proving import CLASSES, built, count


@pytest.mark.parametrize("depth", [18, 34])
def test_a_plain_network_is_the_residual_one_less_its_shortcuts(depth: int) -> None:
    with torch.device("meta"):
        plain, residual = (build(Options(name=f"{kind}{depth}"), CLASSES, (64, 64)) for kind in ("plain", "resnet"))
    filters = [layer.kernel_size for layer in plain.modules() if isinstance(layer, nn.Conv2d)]
    assert filters == [(7, 7)] + [(3, 3)] * (depth - 2)  # and the head makes as many layers as its name says
    projections = [name for name in residual.state_dict() if "downsample" in name]
    assert list(plain.state_dict()) == [name for name in residual.state_dict() if name not in projections]
    # Three shortcuts are projections: 64 to 128, 128 to 256, 256 to 512 channels, each with a scale and a shift.
    assert count(residual) - count(plain) == 64 * 128 + 128 * 256 + 256 * 512 + 2 * (128 + 256 + 512)


def test_nothing_gets_past_the_layers_of_a_plain_block() -> None:
    picture = torch.rand(1, 64, 8, 8) + 1
    for name, gets_past in (("plain18", False), ("resnet18", True)):
        block = next(built(name, 32).eval().stages["layer1"].children())
        nn.init.zeros_(block.get_parameter("bn2.weight"))
        assert block(picture).any() == gets_past


def test_a_small_stem_leaves_a_crop_four_times_the_positions() -> None:
    frames = torch.zeros(1, 3, 48, 48)
    for stem, side in ((None, 12), ("small", 24)):
        with torch.device("meta"):
            network = build(Options(name="resnet18", width=0.25, stem=stem), CLASSES, (48, 48))
        assert network.stages["stem"](frames.to("meta")).shape == (1, 64, side, side)
