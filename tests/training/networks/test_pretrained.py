"""Downloads come from a file:// address, by torchvision's own way, checked by their hash."""

import hashlib
import socketserver
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import WeightsEnum, get_model, get_model_weights  # type: ignore[import-untyped]

from roadsight_training.errors import BadWeights
from roadsight_training.networks import Network
from training.networks.proving import CLASSES, built, frames, live_in

SMALLEST = "mobilenet_v3_small"


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where downloads are kept, empty still; what is not there can't be had, for there is no internet."""
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setattr(urllib.request, "_opener", None)  # it would go on with the proxy that it knows
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    return tmp_path / "hub" / "checkpoints"


def published(name: str) -> nn.Module:
    """A torchvision network such as somebody may have trained."""
    torch.manual_seed(7)
    options = {"transform_input": True, "init_weights": True} if name == "googlenet" else {}
    model: nn.Module = get_model(name, **options)
    live_in(model)
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 1.0  # statistics that are not its own would drown the picture
    with torch.no_grad():
        model.train()(torch.randn(4, 3, 64, 64))
    return model.eval()


def member(name: str) -> WeightsEnum:
    return get_model_weights(name).DEFAULT


def embeddings(network: Network, model: nn.Module, name: str) -> tuple[Tensor, Tensor]:
    """Ours, and torchvision's before its last layer, of pictures that its own preprocessing normalised."""
    last = model.get_submodule("fc" if hasattr(model, "fc") else "classifier.3" if "mobile" in name else "classifier.6")
    seen: list[Tensor] = []
    last.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    shown, preset = torch.from_numpy(frames(64)[:4]), member(name).transforms()
    mean, deviation = (torch.tensor(values).view(3, 1, 1) for values in (preset.mean, preset.std))
    with torch.inference_mode():
        model((shown.permute(0, 3, 1, 2) / 255 - mean) / deviation)
        return network.eval()(shown).embedding, seen[0]


def assert_same(ours: Tensor, theirs: Tensor) -> None:
    apart = float(theirs.std(0).max())  # what tells pictures apart
    assert apart > 0
    torch.testing.assert_close(ours, theirs, atol=1e-3 * apart, rtol=0)


@pytest.mark.parametrize("name", ["alexnet", "vgg11_bn", "googlenet", "resnet18", "resnet50", SMALLEST])
def test_with_its_weights_a_network_sees_what_torchvision_sees(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = published(name)
    monkeypatch.setattr(WeightsEnum, "get_state_dict", lambda asked, **_: model.state_dict())
    network = built(name, 64, weights="imagenet")
    ours, theirs = embeddings(network, model, name)
    assert_same(ours, theirs)
    assert list(network.head.parameters())[-1].shape == (CLASSES,)


@pytest.mark.parametrize("weights", ["imagenet", "MobileNet_V3_Small_Weights.IMAGENET1K_V1"])
def test_what_was_downloaded_once_is_used_offline(weights: str, kept: Path) -> None:
    model = published(SMALLEST)
    kept.mkdir(parents=True)
    torch.save(model.state_dict(), kept / Path(member(SMALLEST).url).name)
    ours, theirs = embeddings(built(SMALLEST, 64, weights=weights), model, SMALLEST)
    assert_same(ours, theirs)


def offered(folder: Path, monkeypatch: pytest.MonkeyPatch, sha256: str | None = None) -> nn.Module:
    """Puts weights where torchvision will look for them, under a name that promises this digest or the right one."""
    model, file = published(SMALLEST), folder / "new.pth"
    torch.save(model.state_dict(), file)
    right = hashlib.sha256(file.read_bytes()).hexdigest()
    named = file.rename(folder / f"small-{(sha256 or right)[:8]}.pth")
    monkeypatch.setattr(member(SMALLEST).value, "url", named.as_uri())
    return model


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # torch.hub leaves closing to the garbage collector
def test_a_download_is_used_if_its_hash_is_right(tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = offered(tmp_path, monkeypatch)
    ours, theirs = embeddings(built(SMALLEST, 64, weights="imagenet"), model, SMALLEST)
    assert_same(ours, theirs)
    assert len(list(kept.iterdir())) == 1


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_download_with_another_hash_is_refused_and_not_kept(
    tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered(tmp_path, monkeypatch, sha256="0" * 64)
    with pytest.raises(
        BadWeights, match=r"^MobileNet_V3_Small_Weights.IMAGENET1K_V1 could not be down.*: invalid hash"
    ):
        built(SMALLEST, 64, weights="imagenet")
    assert not list(kept.iterdir())


def test_weights_that_cannot_be_downloaded_are_one_sentence_with_both_places(kept: Path) -> None:
    with pytest.raises(BadWeights) as told:
        built("resnet18", 64, weights="imagenet")
    file = Path(member("resnet18").url).name
    assert str(told.value) == (
        f"ResNet18_Weights.IMAGENET1K_V1 could not be downloaded from https://download.pytorch.org/models/{file} "
        f"to {kept / file}: <urlopen error [Errno 111] Connection refused>"
    )


@pytest.fixture
def captive() -> Iterator[str]:
    """A proxy that answers with something that is no HTTP, as some hotels have."""

    class Rubbish(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.rfile.readline()
            self.wfile.write(b"please log in\r\n\r\n")

    with socketserver.TCPServer(("127.0.0.1", 0), Rubbish) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_a_proxy_that_talks_rubbish_is_a_failed_download(
    captive: str, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", captive)
    with pytest.raises(BadWeights, match=r"^ResNet18_Weights\.IMAGENET1K_V1 could not be downloaded .*please log in"):
        built("resnet18", 64, weights="imagenet")


@pytest.mark.parametrize("held", [b"", b"hello", b"PK\x03\x04", b"\x80\x02}."], ids=["empty", "text", "zip", "pickle"])
def test_a_kept_file_that_holds_something_else_is_named(held: bytes, kept: Path) -> None:
    kept.mkdir(parents=True)
    file = kept / Path(member(SMALLEST).url).name
    file.write_bytes(held)
    with pytest.raises(BadWeights, match=rf"^MobileNet_V3_Small_Weights.IMAGENET1K_V1 in {file} can't be read: "):
        built(SMALLEST, 64, weights="imagenet")


def test_a_kept_file_with_the_weights_of_another_network_is_named(kept: Path) -> None:
    kept.mkdir(parents=True)
    file = kept / Path(member(SMALLEST).url).name
    torch.save({"conv1.weight": torch.ones(1)}, file)
    with pytest.raises(
        BadWeights, match=rf"in {file} can't be read: Error\(s\) in loading state_dict for MobileNetV3$"
    ):
        built(SMALLEST, 64, weights="imagenet")


@pytest.mark.parametrize(
    ("name", "weights", "known"),
    [
        ("resnet18", "ResNet34_Weights.IMAGENET1K_V1", "ResNet18_Weights.IMAGENET1K_V1, ResNet18_Weights.DEFAULT"),
        ("resnet18", "ResNet18_Weights.V9", "ResNet18_Weights.IMAGENET1K_V1"),
        ("vgg11", "Vgg_Weights.V1", "VGG11_Weights.IMAGENET1K_V1"),
        ("vgg16_bn", "VGG16_Weights.IMAGENET1K_V1", "VGG16_BN_Weights.IMAGENET1K_V1"),
        # Convolutions alone, trained by others: its dense layers are not numbers.
        ("vgg16", "VGG16_Weights.IMAGENET1K_FEATURES", "VGG16_Weights.IMAGENET1K_V1, VGG16_Weights.DEFAULT, imagenet"),
        ("efficientnet_lite1", "ResNet18_Weights.IMAGENET1K_V1", "imagenet"),
        ("efficientnet_lite0", "ResNet18_Weights.IMAGENET1K_V1", "imagenet"),
    ],
)
def test_weights_that_do_not_fit_are_refused_with_those_that_do(name: str, weights: str, known: str) -> None:
    with pytest.raises(BadWeights, match=f"^{weights} does not fit {name}, whose weights are: {known}"):
        built(name, 64, weights=weights)


def test_resnet50_has_two_to_choose_from(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def note(chosen: WeightsEnum, **_: object) -> dict[str, Tensor]:
        asked.append(chosen.name)
        return dict(get_model("resnet50").state_dict())

    monkeypatch.setattr(WeightsEnum, "get_state_dict", note)
    for weights in ("IMAGENET1K_V1", "IMAGENET1K_V2", "DEFAULT"):
        built("resnet50", 64, weights=f"ResNet50_Weights.{weights}")
    assert asked == ["IMAGENET1K_V1", "IMAGENET1K_V2", "IMAGENET1K_V2"]
