"""The exported gradient is that of the network: against autograd, and against differences that know nothing of it."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
import pytest
import torch
from onnx import ModelProto, helper, numpy_helper
from torch import Tensor, nn

from roadsight_training.errors import GradientBroken, NotDifferentiable
from roadsight_training.gradient import to_gradient_onnx
from roadsight_training.gradient_check import TOLERANCE, check_gradient
from roadsight_training.graph import to_onnx
from roadsight_training.networks import Network
from roadsight_training.networks.network import per_channel
from training.networks.proving import CLASSES, built, count, frames, live_in, rule
from training.networks.test_every_network import Asked, few_dense_units, told

Floats = npt.NDArray[np.float32]

# A network of each kind, as small as it goes; of deep ones the first stages, after which nothing new comes.
STAGES = {"googlenet": 2, "resnet18": 3, "mobilenet_v3_small": 3, "efficientnet_lite0": 3}
PROVEN: list[Asked] = [
    {"name": "logistic"},
    {"name": "mlp", "activation": "leaky_relu", "batch_norm": True, "hidden": (32,)},
    {"name": "lenet5"},
    {"name": "lenet5", "activation": "maxout", "pooling": "max", "normalisation": "mean_image"},
    {"name": "lenet5", "activation": "elu", "batch_norm": True},
    {"name": "alexnet"},
    {"name": "alexnet", "local_response_norm": True},
    {"name": "vgg11"},
    {"name": "googlenet"},
    {"name": "resnet18"},
    {"name": "mobilenet_v3_small"},
    {"name": "efficientnet_lite0"},
]


class Exported(NamedTuple):
    """A network, and the graph of its gradient."""

    asked: Asked
    network: Network
    side: int  # of its pictures, in pixels
    graph: bytes


@pytest.fixture(scope="module", params=PROVEN, ids=told)
def exported(request: pytest.FixtureRequest) -> Exported:
    asked: Asked = request.param
    side = 64 if asked["name"] == "alexnet" else 32
    network = built(**asked, side=64 if asked["name"] == "googlenet" else side)
    if asked["name"] in STAGES:
        network = begun(network, STAGES[asked["name"]])
    if asked["name"] in ("alexnet", "vgg11"):
        few_dense_units(network)
    live(network, side)
    return Exported(asked, network, side, to_gradient_onnx(network, rule(side)))


def begun(network: Network, stages: int) -> Network:
    """The first stages of a network, with a head on what they see."""
    kept = dict(list(network.stages.items())[:stages])
    pool = network.stages["pool"] if "pool" in network.stages else nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    width = nn.Sequential(*kept.values(), pool).eval()(torch.zeros(1, 3, 32, 32)).shape[1]
    return Network(network.normalise, kept | {"pool": pool}, nn.Linear(width, CLASSES))


def live(network: Network, side: int) -> None:
    """As after training: without statistics of its pictures a deep network says the same of them all."""
    live_in(network)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            layer.momentum = 1.0
    with torch.no_grad():
        network.train()(torch.from_numpy(frames(side)))
    network.eval()


def run(graph: bytes, pixels: Floats, cotangent: Floats) -> tuple[Floats, Floats]:
    session = ort.InferenceSession(graph, providers=["CPUExecutionProvider"])
    logits, gradient = session.run(["logits", "gradient"], {"pixels": pixels, "cotangent": cotangent})
    return logits, gradient


def pictures(n: int, side: int) -> Floats:
    values: Floats = np.divide(frames(side)[:n], 255, dtype=np.float32)
    return values


def weights(n: int) -> Floats:
    return np.random.default_rng(1).standard_normal((n, CLASSES)).astype(np.float32)


def changed(graph: bytes, change: Callable[[ModelProto], object]) -> bytes:
    model = onnx.load_from_string(graph)
    change(model)
    return bytes(model.SerializeToString())


def test_the_gradient_is_autograd_s(exported: Exported) -> None:
    agreement = check_gradient(exported.graph, exported.network, frames(exported.side))
    assert agreement.largest <= TOLERANCE
    assert agreement.beside <= 1 / 3


def test_one_graph_takes_any_batch_and_no_picture_hangs_on_its_company(exported: Exported) -> None:
    pixels, cotangent = pictures(5, exported.side), weights(5)
    logits, gradient = run(exported.graph, pixels, cotangent)
    assert (logits.shape, gradient.shape) == ((5, CLASSES), pixels.shape)
    for i in (0, 4):
        alone = run(exported.graph, pixels[i : i + 1], cotangent[i : i + 1])
        assert np.abs(alone[0][0] - logits[i]).max() <= 1e-3 * np.abs(logits).max()
        assert np.abs(alone[1][0] - gradient[i]).mean() <= 1e-2 * np.abs(gradient[i]).mean()  # room for a kink


def test_the_graph_says_what_it_takes_and_gives(exported: Exported) -> None:
    graph = onnx.load_from_string(exported.graph).graph
    picture = [exported.side, exported.side, 3]
    wanted = {"pixels": picture, "cotangent": [CLASSES], "logits": [CLASSES], "gradient": picture}
    tensors = [*graph.input, *graph.output]
    assert [tensor.name for tensor in tensors] == list(wanted)
    for tensor in tensors:
        batch, *rest = tensor.type.tensor_type.shape.dim
        assert batch.dim_param
        assert [side.dim_value for side in rest] == wanted[tensor.name]
        assert tensor.type.tensor_type.elem_type == onnx.TensorProto.FLOAT


def test_weights_are_stored_once(exported: Exported) -> None:
    serving = exported.network.stages, exported.network.head, exported.network.normalise
    stored = 4 * sum(count(part) for part in serving)
    assert len(exported.graph) <= 1.25 * stored + 200_000


@pytest.mark.parametrize("name", STAGES)
def test_the_first_stages_have_a_layer_of_every_kind(name: str) -> None:
    whole = built(name, 64)
    kinds = [{type(layer) for layer in each.modules()} for each in (whole.stages, begun(whole, STAGES[name]))]
    assert kinds[0] - kinds[1] <= {nn.Dropout}


@pytest.fixture(scope="module")
def lenet() -> Exported:
    network = built("lenet5", 32).eval()
    return Exported({}, network, 32, to_gradient_onnx(network, rule(32)))


def test_a_step_along_the_gradient_changes_the_logits_as_it_says(lenet: Exported) -> None:
    pixels, cotangent, step = pictures(4, 32), weights(4), 1e-2
    _, gradient = run(lenet.graph, pixels, cotangent)
    rng = np.random.default_rng(0)
    for away in (gradient, *rng.standard_normal((3, *pixels.shape)).astype(np.float32)):
        direction = away / np.sqrt((away**2).sum((1, 2, 3), keepdims=True))
        logits = [run(lenet.graph, pixels + sign * step * direction, cotangent)[0] for sign in (1, -1)]
        measured = ((logits[0] - logits[1]) * cotangent).sum(1) / (2 * step)
        expected = (gradient * direction).sum((1, 2, 3))
        steepest = np.sqrt((gradient**2).sum((1, 2, 3)))
        assert (np.abs(measured - expected) <= 2e-3 * steepest).all()


def test_its_logits_are_those_of_the_classifier(lenet: Exported) -> None:
    classifier = ort.InferenceSession(to_onnx(lenet.network, rule(32)), providers=["CPUExecutionProvider"])
    (wanted,) = classifier.run(["logits"], {"frames": frames(32)})
    logits, _ = run(lenet.graph, pictures(20, 32), weights(20))
    np.testing.assert_allclose(logits, wanted, atol=1e-5)


def test_the_network_is_left_as_it_was() -> None:
    network = built("lenet5", 32, batch_norm=True)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    to_gradient_onnx(network, rule(32))
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())
    assert all(parameter.requires_grad for parameter in network.parameters())


def one_weight(model: ModelProto) -> None:
    filters = max((t for t in model.graph.initializer if len(t.dims) == 4), key=lambda tensor: tensor.dims[0])
    values = numpy_helper.to_array(filters).copy()
    values.flat[7] += 0.5
    filters.CopyFrom(numpy_helper.from_array(values, filters.name))


def then(output: str, operator: str) -> Callable[[ModelProto], None]:
    """Puts an operator behind an output."""

    def change(model: ModelProto) -> None:
        for node in model.graph.node:
            node.output[:] = [f"{name}_before" if name == output else name for name in node.output]
        model.graph.node.append(helper.make_node(operator, [f"{output}_before"], [output]))

    return change


@pytest.mark.parametrize(
    "change",
    [one_weight, then("gradient", "Neg"), then("gradient", "Abs"), then("logits", "Neg"), then("gradient", "Sqrt")],
    ids=["weight", "descent", "unsigned", "logits", "NaN"],
)
def test_a_graph_that_is_not_the_network_is_noticed(lenet: Exported, change: Callable[[ModelProto], None]) -> None:
    with pytest.raises(GradientBroken, match="of the largest value of logits or gradient on one of 20 images"):
        check_gradient(changed(lenet.graph, change), lenet.network, frames(32))


def test_a_gradient_that_is_only_sometimes_right_is_noticed(lenet: Exported, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def at_odds(*shown: Any) -> Any:
        asked.append(len(shown[2]))
        return np.where(np.arange(len(shown[2])) % 2, 1.0, 0.0) if len(asked) == 1 else np.zeros(len(shown[2]))

    monkeypatch.setattr("roadsight_training.gradient_check._differences", at_odds)
    with pytest.raises(
        GradientBroken, match="10 of 20 images differ as they are; torch in float32 and float64 differ on 0%"
    ):
        check_gradient(lenet.graph, lenet.network, frames(32))
    assert asked == [20, 10]


def small(layer: nn.Module, side: int = 8) -> Network:
    """A network of one layer, for which a black picture is nothing but zeros."""
    torch.manual_seed(0)
    features = nn.Sequential(layer, nn.Flatten())
    head = nn.Linear(features(torch.zeros(1, 3, side, side)).shape[1], CLASSES)
    return Network(per_channel((0.0,) * 3, (255.0,) * 3), {"only": features}, head).eval()


class AtLeastZero(nn.Module):
    """A ReLU that has a slope where it is 0."""

    def forward(self, x: Tensor) -> Tensor:
        return x.clamp(min=0)


def test_on_a_kink_two_gradients_are_right_and_beside_it_one() -> None:
    relu, other = small(nn.ReLU()), small(AtLeastZero())
    other.load_state_dict(relu.state_dict())
    graph, black = to_gradient_onnx(relu, rule(8)), np.zeros((3, 8, 8, 3), np.uint8)
    _, gradient = run(graph, black.astype(np.float32), weights(3))
    assert not gradient.any()
    assert check_gradient(graph, other, black).largest <= TOLERANCE
    leaky = small(nn.LeakyReLU(0.01))
    leaky.load_state_dict(relu.state_dict())
    with pytest.raises(GradientBroken):
        check_gradient(graph, leaky, black)


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(3, 6, 3, stride=2, padding=1, groups=3, dilation=2),
        nn.Conv2d(3, 4, (1, 3), padding=(0, 2)),
        nn.Conv2d(3, 6, 3, padding=1, groups=3),
        nn.Conv2d(3, 2, 3, stride=3),
        nn.AvgPool2d(3, stride=2, padding=1, ceil_mode=True),
        nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False),
        nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True),
        nn.AdaptiveAvgPool2d((3, 5)),
        nn.LocalResponseNorm(2),
    ],
    ids=str,
)
def test_layers_with_every_option_have_their_gradient(layer: nn.Module) -> None:
    side = 11  # the strides leave pixels over
    network = small(layer, side)
    noise = np.random.default_rng(0).integers(0, 256, (4, side, side, 3), np.uint8)
    assert check_gradient(to_gradient_onnx(network, rule(side)), network, noise).largest <= TOLERANCE


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (nn.AdaptiveMaxPool2d(2), "adaptive_max_pool2d"),
        (nn.ConvTranspose2d(3, 3, 2), "transposed convolution"),
        (nn.AvgPool2d(2, divisor_override=3), "divisor"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_layer_without_a_gradient_in_onnx_is_named(layer: Any, said: str) -> None:
    with pytest.raises(NotDifferentiable, match=f"^no ONNX graph for the gradient: .*{said}"):
        to_gradient_onnx(small(layer), rule(8))
