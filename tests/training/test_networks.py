"""Every network of the table takes a step and is exported: drawn pictures, offline, two minutes of one core."""

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch
from torch import nn
from torchvision.models import get_model, get_model_weights  # type: ignore[import-untyped]

from roadsight_models.frame import Pixels
from roadsight_models.manifest import CropRule
from roadsight_training.errors import BadRecipe, BadWeights
from roadsight_training.golden import drawn_crops
from roadsight_training.graph import check_parity, to_onnx
from roadsight_training.loading import Batch
from roadsight_training.losses import training_loss
from roadsight_training.networks import NETWORKS, Network, build
from roadsight_training.networks.mobile import by_position
from roadsight_training.networks.normalisation import measure
from roadsight_training.recipe import Fit
from roadsight_training.recipe import Network as Options

CLASSES = 5
FIT = Fit(epochs=1, learning_rate=0.01)
OURS = ("logistic", "mlp", "lenet5", "plain18", "plain34")
TORCHVISION = [name for name in NETWORKS if name not in (*OURS, "efficientnet_lite0")]

PROVEN = [Options(name=name) for name in NETWORKS] + [
    Options(name="alexnet", local_response_norm=True),
    Options(name="lenet5", activation="maxout", pooling="max", batch_norm=True),
    Options(name="lenet5", activation="leaky_relu", normalisation="mean_image"),
    Options(name="mlp", activation="elu", hidden=(7,), batch_norm=True),
    Options(name="mlp", activation="sigmoid", hidden=(9, 8, 7), normalisation="channel_mean"),
]

# VGG's dense layers are 120 million weights, the same in all eight: one network runs with them, the others with all
# their convolutions and 64 dense units. To write half a gigabyte eight times would take most of the time, and 7 GB.
WHOLE_VGG = "vgg11"
FEW = 64


def rule(side: int) -> CropRule:
    return CropRule(width=side, height=side, context=0, resize="area_or_linear", min_side=8)


@pytest.fixture(scope="module")
def frames() -> Pixels:
    return drawn_crops(rule(64))  # [20, 64, 64, 3]


def batch(frames: Pixels, classes: int = CLASSES) -> Batch:
    targets = torch.eye(classes)[torch.arange(len(frames)) % classes]
    return Batch(torch.from_numpy(frames), targets, torch.ones(len(frames)))


def built(options: Options, classes: int = CLASSES, side: int = 64) -> Network:
    torch.manual_seed(0)
    return build(options, classes, (side, side))


def provable(options: Options) -> Network:
    """A network whose answers depend on the picture after a single step."""
    network = built(options)
    if options.name.startswith("vgg") and options.name != WHOLE_VGG:
        few_dense_units(network)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.momentum = 1.0  # statistics that are still 0 and 1 would drown the picture
    return network


def few_dense_units(network: Network) -> None:
    dense = network.stages["dense"]
    first, second = (name for name, layer in dense.named_children() if isinstance(layer, nn.Linear))
    dense.add_module(first, nn.Linear(512 * 7 * 7, FEW))
    dense.add_module(second, nn.Linear(FEW, FEW))
    network.head = nn.Linear(FEW, CLASSES)


def take_a_step(network: Network, shown: Batch) -> float:
    """Returns the loss before the step, after seeing that every parameter has a say in it."""
    outputs = network.train()(shown.frames)
    assert outputs.logits.shape == shown.targets.shape
    assert [side.shape for side in outputs.auxiliary] == [shown.targets.shape] * len(network.auxiliary)
    loss = training_loss(outputs, shown, FIT)
    loss.backward()  # type: ignore[no-untyped-call]
    idle = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    assert not idle, f"no gradient reaches {idle}"
    torch.optim.SGD(network.parameters(), lr=FIT.learning_rate).step()
    return loss.item()


def told(options: Options) -> str:
    return "-".join(str(value) for value in options.model_dump(exclude_unset=True).values())


@pytest.mark.parametrize("options", PROVEN, ids=told)
def test_a_network_learns_and_is_exported_as_it_is(options: Options, frames: Pixels) -> None:
    network = provable(options)
    measure(network, options.normalisation, frames)
    assert np.isfinite(take_a_step(network, batch(frames[:5])))
    graph = to_onnx(network, rule(64))
    assert check_parity(graph, network, frames).n == len(frames)
    assert_same_answers(graph, network, frames)


def assert_same_answers(graph: bytes, network: Network, frames: Pixels) -> None:
    """Of one picture and of many; equal to a thousandth of what tells pictures apart, or equality would say nothing."""
    session = ort.InferenceSession(graph, providers=["CPUExecutionProvider"])
    with torch.inference_mode():
        logits, embedding, auxiliary = network(torch.from_numpy(frames))
    assert auxiliary == ()
    for n in (1, len(frames)):
        answers = session.run(["logits", "embedding"], {"frames": frames[:n]})
        for answer, wanted in zip(answers, (logits.numpy(), embedding.numpy()), strict=True):
            assert answer.shape == (n, wanted.shape[1])
            apart = wanted.std(axis=0).max()
            assert apart > 0
            assert np.abs(answer - wanted[:n]).max() <= 1e-3 * apart


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", "leaky_relu", "elu", "maxout"])
@pytest.mark.parametrize("initialisation", ["small_normal", "xavier", "he"])
@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("name", ["mlp", "lenet5"])
def test_the_options_of_small_networks_go_together(
    name: str, activation: str, initialisation: str, batch_norm: bool, frames: Pixels
) -> None:
    chosen = {"activation": activation, "initialisation": initialisation, "batch_norm": batch_norm}
    network = built(Options.model_validate({"name": name, **chosen}))
    assert any(isinstance(layer, nn.BatchNorm1d) for layer in network.modules()) == batch_norm
    losses = [take_a_step(network, batch(frames[:5])) for _ in range(2)]
    assert np.isfinite(losses).all()
    assert losses[0] != losses[1]


def test_an_initialisation_sets_how_far_weights_spread() -> None:
    def spread(initialisation: str) -> float:
        options = Options.model_validate({"name": "mlp", "initialisation": initialisation, "hidden": (300,)})
        return float(next(p for p in built(options, side=16).stages.parameters() if p.ndim == 2).detach().std())

    inputs = 3 * 16 * 16
    assert spread("small_normal") == pytest.approx(0.01, rel=0.02)
    assert spread("he") == pytest.approx((2 / inputs) ** 0.5, rel=0.02)
    assert spread("xavier") == pytest.approx((2 / (inputs + 300)) ** 0.5, rel=0.02)


def test_two_classes_make_logistic_regression_one_sigmoid_unit(frames: Pixels) -> None:
    network = built(Options(name="logistic"), classes=2).eval()
    assert sum(parameter.numel() for parameter in network.parameters()) == 3 * 64 * 64 + 1
    logits = network(torch.from_numpy(frames)).logits
    assert not logits[:, 0].any()
    torch.testing.assert_close(logits.softmax(1)[:, 1], logits[:, 1].sigmoid())


@pytest.mark.parametrize("name", TORCHVISION)
def test_a_network_of_torchvision_is_the_whole_of_it(name: str) -> None:
    with torch.device("meta"):
        network = build(Options(name=name), 1000, (224, 224))
    side_heads = sum(parameter.numel() for parameter in network.auxiliary.parameters())
    published = get_model_weights(name).DEFAULT.meta["num_params"]
    assert sum(parameter.numel() for parameter in network.parameters()) - side_heads == published


def test_a_plain_network_is_the_residual_one_without_shortcuts(frames: Pixels) -> None:
    plain, residual = (built(Options(name=name)).eval() for name in ("plain18", "resnet18"))
    # Three shortcuts are projections: 64 to 128, 128 to 256, 256 to 512 channels, each with a mean and a deviation.
    shortcuts = 64 * 128 + 128 * 256 + 256 * 512 + 2 * (128 + 256 + 512)
    counts = [sum(parameter.numel() for parameter in network.parameters()) for network in (plain, residual)]
    assert counts[1] - counts[0] == shortcuts
    block = next(plain.stages["layer1"].children())
    nn.init.zeros_(block.get_parameter("bn2.weight"))
    assert not block(torch.rand(1, 64, 8, 8)).any()  # a shortcut would let the picture through


def test_googlenet_has_side_heads_in_training_alone(frames: Pixels) -> None:
    network = built(Options(name="googlenet"))
    shown = torch.from_numpy(frames[:2])
    assert [side.shape for side in network.train()(shown).auxiliary] == [(2, CLASSES)] * 2
    assert network.eval()(shown).auxiliary == ()


@pytest.mark.parametrize("normalisation", ["mean_image", "channel_mean", "channel_mean_and_deviation"])
def test_normalisation_is_inside_and_of_the_training_pictures(normalisation: str, frames: Pixels) -> None:
    network = built(Options.model_validate({"name": "logistic", "normalisation": normalisation}))
    measure(network, normalisation, frames)
    seen: list[torch.Tensor] = []
    network.stages["pixels"].register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    network(torch.from_numpy(frames))
    axes = (0,) if normalisation == "mean_image" else (0, 2, 3)
    torch.testing.assert_close(seen[0].mean(axes), torch.zeros_like(seen[0].mean(axes)), atol=1e-4, rtol=0)
    if normalisation == "channel_mean_and_deviation":
        torch.testing.assert_close(seen[0].std(axes), torch.ones(3), atol=1e-4, rtol=0)


def test_efficientnet_normalises_as_its_weights_were_trained() -> None:
    network = built(Options(name="efficientnet_lite0"), side=32).eval()
    seen: list[torch.Tensor] = []
    network.stages["stem"].register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    network(torch.full((1, 32, 32, 3), 255, dtype=torch.uint8))
    assert seen[0].shape == (1, 3, 32, 32)
    assert (seen[0].min().item(), seen[0].max().item()) == (1, 1)  # (255 - 127) / 128


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"name": "resnet18", "activation": "elu"}, r"^network\.activation: resnet18 does not take it; it takes none"),
        ({"name": "mlp", "pooling": "max"}, r"^network\.pooling: mlp does not take it; it takes .*batch_norm, hidden"),
        ({"name": "vgg16", "batch_norm": True}, r"^network\.batch_norm: vgg16 does not take it"),
        ({"name": "lenet5", "hidden": [9]}, r"^network\.hidden: lenet5 does not take it"),
        ({"name": "vgg11", "local_response_norm": True}, r"^network\.local_response_norm: vgg11 does not take it"),
        (
            {"name": "resnet-18"},
            r"^network\.name: no network 'resnet-18'; did you mean 'resnet18'\? there are: logistic, ",
        ),
        ({"name": "?"}, r"^network\.name: no network '\?'; there are: logistic, "),
    ],
)
def test_what_a_network_does_not_take_is_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(BadRecipe, match=said):
        build(Options.model_validate(options), CLASSES, (64, 64))


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No internet, and an empty place for downloads, which is returned."""
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    return tmp_path / "hub" / "checkpoints"


def test_weights_that_cannot_be_downloaded_are_named(offline: Path) -> None:
    said = r"ResNet18_Weights\.IMAGENET1K_V1 could not be downloaded from https://\S+/resnet18-f37072fd\.pth: .*refused"
    with pytest.raises(BadWeights, match=said):
        built(Options(name="resnet18", weights="imagenet"))


@pytest.mark.parametrize("weights", ["imagenet", "ResNet18_Weights.IMAGENET1K_V1"])
def test_weights_that_were_downloaded_once_are_used_offline(offline: Path, weights: str) -> None:
    offline.mkdir(parents=True)
    state = get_model("resnet18").state_dict()
    state["conv1.weight"].fill_(0.5)
    torch.save(state, offline / Path(get_model_weights("resnet18").DEFAULT.url).name)
    network = built(Options(name="resnet18", weights=weights))
    assert (network.stages["stem"].get_parameter("0.weight") == 0.5).all()
    assert network.head.get_parameter("1.weight").shape == (CLASSES, 512)


@pytest.mark.parametrize(
    ("name", "weights", "said"),
    [
        ("resnet18", "ResNet34_Weights.IMAGENET1K_V1", "does not fit resnet18, whose weights are: ResNet18_Weights"),
        (
            "resnet18",
            "ResNet18_Weights.V9",
            r"no weights 'ResNet18_Weights\.V9'; for resnet18 there are: ResNet18_Weights",
        ),
        ("vgg11", "Vgg_Weights.V1", r"no weights 'Vgg_Weights\.V1'; for vgg11 there are: VGG11_Weights\.IMAGENET1K_V1"),
        ("efficientnet_lite0", "ResNet18_Weights.IMAGENET1K_V1", "does not fit efficientnet_lite0, .* are: imagenet"),
    ],
)
def test_weights_of_another_network_are_refused_with_those_there_are(name: str, weights: str, said: str) -> None:
    with pytest.raises(BadWeights, match=said):
        built(Options(name=name, weights=weights))


@pytest.mark.parametrize("name", OURS)
def test_where_nobody_publishes_weights_none_are_pretended(name: str) -> None:
    with pytest.raises(BadWeights, match=name):
        built(Options(name=name, weights="imagenet"))


def test_imagenet_weights_of_efficientnet_come_from_its_package_and_leave_the_head_alone(offline: Path) -> None:
    network, other = (built(Options(name="efficientnet_lite0", weights="imagenet"), side=32) for _ in range(2))
    name = "stages.stem.0.weight"
    assert torch.equal(network.get_parameter(name), other.get_parameter(name))
    # Trained running variances are no longer the ones that a fresh network starts with.
    assert not torch.equal(network.get_buffer("stages.stem.1.running_var"), torch.ones(32))
    assert [tuple(parameter.shape) for parameter in network.head.parameters()] == [(CLASSES, 1280), (CLASSES,)]


def test_a_missing_package_of_weights_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("roadsight_training.networks.mobile.PACKAGE", "efficientnet_lite9_model")
    with pytest.raises(BadWeights, match="in the package efficientnet-lite9-model"):
        built(Options(name="efficientnet_lite0", weights="imagenet"))


def test_weights_load_by_position_and_are_checked() -> None:
    wanted = nn.Linear(3, 2).state_dict()
    assert list(by_position({"a": torch.ones(2, 3), "b": torch.zeros(2)}, wanted)) == ["weight", "bias"]
    with pytest.raises(BadWeights, match="1 tensors where the network has 2"):
        by_position({"a": torch.ones(2, 3)}, wanted)
    with pytest.raises(BadWeights, match=r"b is \[3\] where bias is \[2\]"):
        by_position({"a": torch.ones(2, 3), "b": torch.zeros(3)}, wanted)
