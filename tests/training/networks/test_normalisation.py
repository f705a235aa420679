import numpy as np
import onnxruntime as ort
import pytest
import torch
from torch import Tensor

from roadsight_models.frame import Pixels
from roadsight_training.graph import to_onnx
from roadsight_training.networks import Network
from roadsight_training.networks.normalisation import measure
from training.networks.proving import built, frames, rule

SIDE = 8
MEASURED = ["mean_image", "channel_mean", "channel_mean_and_deviation"]


def normalised(network: Network, pixels: Pixels) -> Tensor:
    with torch.inference_mode():
        out: Tensor = network.normalise(torch.from_numpy(pixels).permute(0, 3, 1, 2).float())
    return out


@pytest.mark.parametrize("normalisation", MEASURED)
def test_the_exported_graph_normalises_by_the_training_pictures(normalisation: str) -> None:
    network, shown = built("logistic", SIDE, normalisation=normalisation), frames(SIDE)
    measure(network, normalisation, shown)
    session = ort.InferenceSession(to_onnx(network, rule(SIDE)), providers=["CPUExecutionProvider"])
    mean = shown.mean(0) if normalisation == "mean_image" else shown.mean((0, 1, 2))
    deviation = shown.std((0, 1, 2)) if normalisation == "channel_mean_and_deviation" else 64
    pixels = ((shown - mean) / deviation).transpose(0, 3, 1, 2).reshape(len(shown), -1)
    weight = network.head.get_parameter("1.weight").detach().numpy()
    assert (pixels @ weight.T).std() > 1e-2
    np.testing.assert_allclose(session.run(["logits"], {"frames": shown})[0], pixels @ weight.T, atol=1e-5)


@pytest.mark.parametrize("normalisation", MEASURED)
def test_training_pictures_have_mean_zero_and_if_asked_deviation_one(normalisation: str) -> None:
    network = built("lenet5", 32, normalisation=normalisation)
    measure(network, normalisation, frames(32))
    seen = normalised(network, frames(32))
    axes = (0,) if normalisation == "mean_image" else (0, 2, 3)
    torch.testing.assert_close(seen.mean(axes), torch.zeros_like(seen.mean(axes)), atol=1e-4, rtol=0)
    deviation = seen.std((0, 2, 3))
    if normalisation == "channel_mean_and_deviation":
        torch.testing.assert_close(deviation, torch.ones(3), atol=1e-3, rtol=0)
    else:
        assert ((deviation > 0.3) & (deviation < 3)).all()  # of order one


def test_own_pictures_do_not_change_what_published_weights_were_trained_with() -> None:
    network = built("resnet18", 32)
    measure(network, "own", frames(32))
    assert network.normalise.mean.flatten().tolist() == pytest.approx([123.675, 116.28, 103.53])
    assert network.normalise.deviation.flatten().tolist() == pytest.approx([58.395, 57.12, 57.375])


def test_a_set_of_one_grey_is_no_division_by_zero() -> None:
    network, grey = (
        built("lenet5", 32, normalisation="channel_mean_and_deviation"),
        np.full((4, 32, 32, 3), 7, np.uint8),
    )
    measure(network, "channel_mean_and_deviation", grey)
    assert not normalised(network, grey).any()
    assert torch.isfinite(normalised(network, frames(32))).all()


def test_efficientnet_sees_pixels_as_its_weights_were_trained() -> None:
    network = built("efficientnet_lite0", 32)
    ends = normalised(network, np.array([0, 127, 255], np.uint8).reshape(1, 1, 3, 1).repeat(3, 3))
    assert ends[0, 0, 0].tolist() == [-127 / 128, 0, 1]
