"""Every network of the table takes a step, is exported, and comes back from its bundle: drawn pictures, offline."""

from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
import pytest
import torch
from torch import Tensor, nn

from roadsight_models import bundle as bundles
from roadsight_models.frame import Pixels
from roadsight_training.errors import BadRecipe, BadWeights
from roadsight_training.golden import golden_file
from roadsight_training.graph import check_parity, to_onnx
from roadsight_training.losses import training_loss
from roadsight_training.networks import NETWORKS, Network
from roadsight_training.networks.normalisation import measure
from roadsight_training.networks.unfolding import unfold
from roadsight_training.recipe import Fit
from training.networks.proving import CLASSES, SHIPPED, batch, built, count, frames, rule

SIDE = 64  # pixels: the least that AlexNet takes
VGG_SIDE = 32  # the least that a VGG takes; VGGs are the slowest
FIT = Fit(epochs=1, learning_rate=0.01)
OURS = ("logistic", "mlp", "lenet5", "plain18", "plain34")  # nobody publishes weights of them

Asked = dict[str, Any]

PROVEN: list[Asked] = [{"name": name} for name in NETWORKS] + [
    {"name": "alexnet", "local_response_norm": True},
    {"name": "googlenet", "until": "inception5a"},
    {"name": "googlenet", "until": "inception4e"},
    {"name": "resnet18", "width": 0.25},
    {"name": "resnet18", "width": 0.25, "stem": "small"},
    {"name": "lenet5", "activation": "sigmoid", "batch_norm": True},
    {"name": "lenet5", "activation": "relu", "pooling": "max"},
    {"name": "lenet5", "activation": "leaky_relu", "normalisation": "mean_image"},
    {"name": "lenet5", "activation": "elu", "pooling": "max", "batch_norm": True},
    {"name": "lenet5", "activation": "maxout", "batch_norm": True},
    {"name": "mlp", "activation": "sigmoid", "hidden": (9, 8, 7), "normalisation": "channel_mean"},
    {"name": "mlp", "activation": "tanh", "batch_norm": True},
    {"name": "mlp", "activation": "leaky_relu", "hidden": (9,)},
    {"name": "mlp", "activation": "elu", "hidden": (7,), "batch_norm": True},
    {"name": "mlp", "activation": "maxout", "batch_norm": True},
]

# The dense layers of VGG are 120 million weights, those of AlexNet 55 million and else the same: AlexNet is exported
# whole, once, and all others with all their convolutions and 64 dense units, or half a gigabyte would be written each.
FEW = 64


class Taught(NamedTuple):
    """A network after a step of the optimiser, and what was seen on the way."""

    network: Network
    side: int  # of its pictures, in pixels
    loss: float
    idle: list[str]  # parameters that no gradient reached
    unchanged: list[str]  # matrices and filters that the step left as they were
    graph: bytes


def told(asked: Asked) -> str:
    return "-".join(str(value) for value in asked.values())


@pytest.fixture(scope="module", params=PROVEN, ids=told)
def taught(request: pytest.FixtureRequest) -> Taught:
    asked: Asked = request.param
    side = VGG_SIDE if "vgg" in asked["name"] else SIDE
    network = built(**asked, side=side)
    if "vgg" in asked["name"] or "local_response_norm" in asked:
        few_dense_units(network)
    measure(network, asked.get("normalisation", "own"), frames(side))
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            layer.momentum = 1.0  # statistics that are still 0 and 1 would drown the picture
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.normal_(layer.bias, std=0.1)
    before = {name: p.detach().clone() for name, p in network.named_parameters() if p.ndim > 1}
    loss, idle = gradients(network, side)
    torch.optim.SGD(network.parameters(), lr=FIT.learning_rate).step()
    unchanged = [name for name, then in before.items() if torch.equal(network.get_parameter(name), then)]
    network.zero_grad()
    return Taught(network, side, loss, idle, unchanged, to_onnx(network, rule(side)))


def few_dense_units(network: Network) -> None:
    dense = network.stages["dense"]
    first, second = (name for name, layer in dense.named_children() if isinstance(layer, nn.Linear))
    dense.add_module(first, nn.Linear(dense.get_parameter(f"{first}.weight").shape[1], FEW))
    dense.add_module(second, nn.Linear(FEW, FEW))
    network.head = nn.Linear(FEW, CLASSES)


def gradients(network: Network, side: int) -> tuple[float, list[str]]:
    """Loss of a batch, and the names of the parameters that it does not depend on."""
    shown = batch(5, side)
    loss = training_loss(network.train()(shown.frames), shown, FIT)
    loss.backward()  # type: ignore[no-untyped-call]
    return loss.item(), [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()]


def test_a_step_teaches_every_layer(taught: Taught) -> None:
    assert np.isfinite(taught.loss)
    assert not taught.idle, "no gradient reaches them"
    assert not taught.unchanged


def test_the_service_answers_what_torch_answers(taught: Taught) -> None:
    shown = frames(taught.side)
    assert check_parity(taught.graph, taught.network, shown).n == len(shown)
    session = ort.InferenceSession(taught.graph, providers=["CPUExecutionProvider"])
    for n in (1, len(shown)):
        got = session.run(["logits", "embedding"], {"frames": shown[:n]})
        for answer, wanted in zip(got, answers(taught.network, shown), strict=True):
            assert answer.shape == (n, wanted.shape[1])
            # Of what tells pictures apart a thousandth: where they are all the same, equality says nothing.
            apart = wanted.std(axis=0).max()
            assert apart > 0
            assert np.abs(answer - wanted[:n]).max() <= 1e-3 * apart


def answers(network: Network, shown: Pixels) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    with torch.inference_mode():
        outputs = network.eval()(torch.from_numpy(shown))
    return outputs.logits.numpy(), outputs.embedding.numpy()


def test_the_graph_has_what_serves_and_nothing_that_only_trains(taught: Taught) -> None:
    graph = onnx.load_from_string(taught.graph).graph
    assert [output.name for output in graph.output] == ["logits", "embedding"]
    serving = (taught.network.stages, taught.network.head)
    kinds = [type(layer) for part in serving for layer in part.modules()]
    nodes = [node.op_type for node in graph.node]
    assert nodes.count("Conv") == kinds.count(nn.Conv2d)
    assert nodes.count("Gemm") == kinds.count(nn.Linear)
    assert nodes.count("Pow") == kinds.count(nn.LocalResponseNorm)
    assert not {"Dropout", "RandomUniformLike", "If", "Loop"} & set(nodes)


def test_training_goes_on_from_what_was_published(taught: Taught, tmp_path: Path) -> None:
    published = bundles.load(SHIPPED).manifest.model_copy(update={"labels": tuple("abcde")})
    (tmp_path / bundles.CLASSIFIER).write_bytes(taught.graph)
    (tmp_path / bundles.GOLDEN).write_bytes(golden_file(taught.network, rule(taught.side)))
    again, shown = deepcopy(taught.network), frames(taught.side)
    for tensor in again.state_dict().values():
        tensor.zero_()
    again.load_state_dict(unfold(bundles.Bundle(tmp_path, published), again))
    for got, wanted in zip(answers(again, shown), answers(taught.network, shown), strict=True):
        assert np.abs(got - wanted).max() <= 1e-3 * wanted.std(axis=0).max()


def test_a_vgg_learns_with_all_of_its_120_million_dense_weights() -> None:
    network = built("vgg11", SIDE)
    assert count(network.stages["dense"]) == 25_089 * 4096 + 4097 * 4096
    loss, idle = gradients(network, SIDE)
    assert np.isfinite(loss)
    assert not idle


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            {"name": "resnet18", "activation": "elu"},
            r"^network\.activation: resnet18 does not take it; it takes stem, width",
        ),
        ({"name": "plain18", "width": 0.5}, r"^network\.width: plain18 does not take it; it takes none"),
        ({"name": "resnet18", "until": "inception5a"}, r"^network\.until: resnet18 does not take it"),
        ({"name": "mlp", "pooling": "max"}, r"^network\.pooling: mlp does not take it; it takes .*batch_norm, hidden"),
        ({"name": "vgg16", "batch_norm": True}, r"^network\.batch_norm: vgg16 does not take it; it takes none"),
        ({"name": "lenet5", "hidden": [9]}, r"^network\.hidden: lenet5 does not take it; it takes activation, batch"),
        ({"name": "logistic", "activation": "elu"}, r"^network\.activation: logistic .*; it takes initialisation$"),
        ({"name": "vgg11", "local_response_norm": True}, r"^network\.local_response_norm: vgg11 does not take it"),
    ],
)
def test_an_option_that_would_change_nothing_is_refused_with_those_that_do(asked: Asked, said: str) -> None:
    with pytest.raises(BadRecipe, match=said):
        built(**asked, side=SIDE)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("resnet-18", r"^network\.name: no network 'resnet-18'; did you mean 'resnet18'\? there are: logistic, "),
        ("VGG16", r"^network\.name: no network 'VGG16'; .*there are: logistic, "),
        ("?", r"^network\.name: no network '\?'; there are: logistic, "),
    ],
)
def test_a_misspelt_network_is_told_with_the_nearest_and_all(name: str, said: str) -> None:
    with pytest.raises(BadRecipe, match=said):
        built(name, SIDE)


@pytest.mark.parametrize("weights", ["imagenet", "ResNet18_Weights.IMAGENET1K_V1"])
@pytest.mark.parametrize("name", OURS)
def test_where_nobody_publishes_weights_none_are_pretended(name: str, weights: str) -> None:
    with pytest.raises(BadWeights, match=f"^nobody publishes weights of {name}; it starts from none, or from a run"):
        built(name, SIDE, weights=weights)


def test_a_width_of_no_units_is_refused_rather_than_replaced() -> None:
    for hidden in ((), (0,), (-3,)):
        with pytest.raises(ValueError, match="hidden"):
            built("mlp", SIDE, hidden=hidden)


def test_float_pixels_are_judged_as_the_same_bytes_are() -> None:
    network = built("lenet5", SIDE).eval()
    pixels = torch.from_numpy(frames(SIDE))
    with torch.inference_mode():
        assert torch.equal(network(pixels).logits, network(pixels.float()).logits)


def test_a_network_leaves_the_frames_as_they_are() -> None:
    pixels: Tensor = torch.from_numpy(frames(SIDE)).float()
    before = pixels.clone()
    built("resnet18", SIDE).train()(pixels)
    assert torch.equal(pixels, before)
