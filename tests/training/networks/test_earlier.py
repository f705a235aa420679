"""A network starts from one that was trained before: run folders and bundles as training and export leave them."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from torch import Tensor

from roadsight_models import bundle as bundles
from roadsight_training.errors import BadWeights
from roadsight_training.graph import torch_logits
from roadsight_training.networks import Network
from roadsight_training.networks.earlier import start_from
from roadsight_training.networks.unfolding import settle
from roadsight_training.recipe import Network as Options
from roadsight_training.run import Run, create
from training import tiny
from training.networks.proving import MANIFEST, SHIPPED, SHIPPED_NETWORK, SHIPPED_SIDE, built, frames, live_in

LENET: dict[str, Any] = {"name": "lenet5", "batch_norm": True, "activation": "relu"}
OLD, NEW = ("stop", "yield", "no_entry"), ("yield", "keep_left", "stop", "keep_right")
HEAD = ("head.1.weight", "head.1.bias")


def trained(folder: Path, labels: tuple[str, ...] = OLD, side: int = 32, **options: Any) -> tuple[Run, Network]:
    """A run folder with one checkpoint, and the network in it."""
    network = options or LENET
    recipe = yaml.safe_dump(tiny.asked(input={"width": side, "height": side}, network=network))
    run = create(folder, recipe, labels, frozenset({"1"}), frozenset({"2"}), "float32")
    kept = built(side=side, classes=len(labels), seed=5, **network)
    live_in(kept)
    run.checkpoints.mkdir()
    torch.save({"state_dict": {f"network.{name}": tensor for name, tensor in kept.state_dict().items()}}, run.best)
    return run, kept.eval()


def started(weights: Path | str, labels: tuple[str, ...] = NEW, side: int = 32, **options: Any) -> Network:
    """A network of another seed that starts from these weights."""
    asked = options if "name" in options else LENET | options
    network = built(side=side, classes=len(labels), seed=6, **asked)
    start_from(network, Options.model_validate(asked | {"weights": str(weights)}), labels)
    return network


def told(weights: Path | str, **options: Any) -> str:
    with pytest.raises(BadWeights) as error:
        started(weights, **options)
    return str(error.value)


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Network]:
    return trained(tmp_path_factory.mktemp("earlier") / "run")


def assert_same(got: dict[str, Tensor], wanted: dict[str, Tensor], but: tuple[str, ...] = ()) -> None:
    assert list(got) == list(wanted)
    assert not [name for name in wanted if name not in but and not torch.equal(got[name], wanted[name])]


def test_the_rows_of_known_labels_are_taken_by_name_and_the_others_stay_fresh(earlier: tuple[Run, Network]) -> None:
    run, kept = earlier
    network, fresh = started(run.folder), built(side=32, classes=len(NEW), seed=6, **LENET)
    assert network.training
    assert_same(network.state_dict(), kept.state_dict(), but=HEAD)
    for name in HEAD:
        got, old, own = (one.state_dict()[name] for one in (network, kept, fresh))
        assert torch.equal(got, torch.stack([old[1], own[1], old[0], own[3]])), name


def test_with_the_same_labels_in_the_same_order_it_is_the_same_network(earlier: tuple[Run, Network]) -> None:
    run, kept = earlier
    assert_same(started(run.folder, OLD).state_dict(), kept.state_dict())


def test_a_checkpoint_is_taken_though_the_run_has_a_better_one(earlier: tuple[Run, Network], tmp_path: Path) -> None:
    run, kept = earlier
    folder = shutil.copytree(run.folder, tmp_path / "run")
    other, wanted = trained(tmp_path / "other")[0], {name: t + 1 for name, t in kept.state_dict().items()}
    torch.save({"state_dict": {f"network.{name}": tensor for name, tensor in wanted.items()}}, other.last)
    shutil.copy(other.last, folder / "checkpoints" / "last.ckpt")
    assert_same(started(folder / "checkpoints" / "last.ckpt", OLD).state_dict(), wanted)
    assert_same(started(folder, OLD).state_dict(), dict(kept.state_dict()))


def test_a_relative_path_is_one_from_where_the_command_runs(
    earlier: tuple[Run, Network], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, kept = earlier
    monkeypatch.chdir(run.folder.parent)
    for weights in ("./run", "run/checkpoints/best.ckpt"):
        assert_same(started(weights, OLD).state_dict(), kept.state_dict())
    monkeypatch.chdir(run.checkpoints)
    assert_same(started("./best.ckpt", OLD).state_dict(), kept.state_dict())


def test_the_shipped_bundle_with_all_its_labels_gives_its_golden_logits() -> None:
    bundle = bundles.load(SHIPPED)
    golden = bundle.golden()
    network = started(SHIPPED, bundle.manifest.labels, SHIPPED_SIDE, **SHIPPED_NETWORK)
    np.testing.assert_allclose(torch_logits(network.eval(), golden.frames), golden.logits, atol=1e-3)


def test_of_the_shipped_bundle_a_sign_that_both_know_keeps_its_logit() -> None:
    """At another size of the input, too; and after settling, while training."""
    bundle = bundles.load(SHIPPED)
    golden, column = bundle.golden(), bundle.manifest.labels.index("stop")
    network = started(SHIPPED, NEW, 48, **SHIPPED_NETWORK, dropout=0)
    np.testing.assert_allclose(torch_logits(network.eval(), golden.frames)[:, 2], golden.logits[:, column], atol=1e-3)
    crops = np.concatenate([frames(48), frames(48)[:, :, ::-1]])
    before = torch_logits(network, crops)
    settle(network, crops)
    scale = np.abs(before).max()
    np.testing.assert_allclose(torch_logits(network.eval(), crops), before, atol=1e-4 * scale)
    np.testing.assert_allclose(torch_logits(network.train(), crops), before, atol=0.01 * scale)


def test_side_heads_come_along_with_a_run(tmp_path: Path) -> None:
    run, kept = trained(tmp_path / "run", side=64, name="googlenet")
    side = [f"auxiliary.{stage}.fc2.{kind}" for stage in kept.auxiliary for kind in ("weight", "bias")]
    assert len(side) == 4
    network = started(run.folder, NEW, 64, name="googlenet")
    assert_same(network.state_dict(), kept.state_dict(), but=(*HEAD, *side))
    for name in side:
        assert torch.equal(network.state_dict()[name][[2, 0]], kept.state_dict()[name][:2]), name
    assert_same(started(run.folder, OLD, 64, name="googlenet").state_dict(), kept.state_dict())


def test_one_sigmoid_unit_and_rows_of_labels_do_not_mix(tmp_path: Path) -> None:
    two, three = (
        trained(tmp_path / f"{n}", labels, side=16, name="logistic")[0] for n, labels in ((2, OLD[:2]), (3, OLD))
    )
    for run, labels in ((two, OLD), (three, OLD[:2]), (two, OLD[1::-1])):
        fresh = built("logistic", 16, len(labels), seed=6).state_dict()
        assert_same(started(run.folder, labels, 16, name="logistic").state_dict(), fresh)


def test_a_mean_of_each_channel_fills_a_mean_image(earlier: tuple[Run, Network]) -> None:
    network = started(earlier[0].folder, normalisation="mean_image")
    assert network.normalise.mean.shape == (1, 3, 32, 32)
    assert torch.equal(network.normalise.mean[..., 7, 9], earlier[1].normalise.mean[..., 0, 0])


def test_a_mean_image_may_have_another_size_than_the_earlier_pictures(tmp_path: Path) -> None:
    run, kept = trained(tmp_path / "run", name="mobilenet_v3_small")
    asked = {"name": "mobilenet_v3_small", "normalisation": "mean_image"}
    of_run = started(run.folder, OLD, 48, **asked).eval()
    np.testing.assert_allclose(torch_logits(of_run, frames(48)), torch_logits(kept, frames(48)), rtol=1e-4, atol=1e-4)
    of_bundle = started(SHIPPED, NEW, 48, **SHIPPED_NETWORK, normalisation="mean_image")
    assert of_bundle.normalise.mean.shape == (1, 3, 48, 48)
    own = built(side=48, **SHIPPED_NETWORK).normalise.mean  # one value for each channel
    assert torch.equal(of_bundle.normalise.mean, own.expand_as(of_bundle.normalise.mean))


def test_another_network_is_refused_with_both_names(earlier: tuple[Run, Network]) -> None:
    folder = earlier[0].folder
    assert told(folder, name="mlp") == f"{folder}: it is a lenet5, and the recipe's network is a mlp"
    assert told(SHIPPED) == f"{SHIPPED}: it is a {MANIFEST.architecture}, and the recipe's network is a lenet5"


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"side": 40}, "stages.f6.1.0.weight is [84, 120], and in the network [84, 1080]"),
        ({"batch_norm": False}, "stages.c1.0.1.weight is in it alone"),
        ({"activation": "maxout"}, "stages.c1.0.0.weight is [6, 3, 5, 5], and in the network [12, 3, 5, 5]"),
    ],
)
def test_the_first_tensor_that_does_not_fit_is_named(
    options: dict[str, Any], why: str, earlier: tuple[Run, Network]
) -> None:
    assert told(earlier[0].folder, **(LENET | options)) == f"{earlier[0].folder}: {why}"


@pytest.mark.parametrize("options", [{"activation": "tanh"}, {"pooling": "max"}])
def test_weights_that_fit_another_computation_are_refused(
    options: dict[str, Any], earlier: tuple[Run, Network]
) -> None:
    said = told(earlier[0].folder, **(LENET | options))
    assert "the recipe's network computes something else: another activation?" in said


def test_a_path_that_is_nothing_of_ours_is_one_sentence(tmp_path: Path) -> None:
    neither = "neither a run folder, nor a run's .ckpt, nor the folder of a bundle's version"
    assert told(tmp_path) == f"{tmp_path}: {neither}"
    assert told("runs/nowhere") == f"runs/nowhere: {neither}"
    assert told(SHIPPED.parent) == f"{SHIPPED.parent}: {neither}"


def test_a_checkpoint_outside_of_a_run_or_not_yet_there_is_told(tmp_path: Path) -> None:
    torch.save({}, tmp_path / "lone.ckpt")
    assert "recipe.yaml: no such file; a folder that `roadsight train` made is expected" in told(tmp_path / "lone.ckpt")
    run, _ = trained(tmp_path / "run")
    run.best.unlink()
    assert told(run.folder).endswith(
        "best.ckpt: no such file: the run has not ended its first epoch; train it with --resume"
    )


@pytest.mark.parametrize("held", ["cut", "empty", "text", "no weights", "a tensor", "no mapping"])
def test_a_damaged_checkpoint_is_named(held: str, tmp_path: Path) -> None:
    run, _ = trained(tmp_path / "run")
    whole = run.best.read_bytes()
    if held in ("cut", "empty", "text"):
        run.best.write_bytes({"cut": whole[: len(whole) // 2], "empty": b"", "text": b"hello"}[held])
    else:
        torch.save({"no weights": {}, "a tensor": torch.ones(2), "no mapping": {"state_dict": 7}}[held], run.best)
    assert told(run.folder).startswith(f"no start from {run.folder}: {run.best}: not a checkpoint: ")


def test_a_changed_bundle_is_named(tmp_path: Path) -> None:
    folder = shutil.copytree(SHIPPED, tmp_path / "1.0.0")
    graph = folder / bundles.CLASSIFIER
    graph.write_bytes(graph.read_bytes()[:-1])
    said = told(folder, **SHIPPED_NETWORK, side=64)
    assert said.startswith(f"no start from {folder}: {graph}: its SHA-256 differs from the manifest's")
