"""What is published passed every gate, in all its precisions; what did not leaves nothing behind."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from roadsight_models import bundle as bundles
from roadsight_models import cli
from roadsight_models.errors import GoldenMismatch
from roadsight_models.gradient import open_gradient
from roadsight_models.manifest import Precision
from roadsight_models.robustness.corruptions import CORRUPTIONS
from roadsight_models.session import open_session
from roadsight_training import gates
from roadsight_training import precisions as room
from roadsight_training.datasets import Dataset, open_dataset
from roadsight_training.datasets.pictures import crops
from roadsight_training.errors import BadDataset, BadSplit, GateFailed, GradientBroken
from roadsight_training.fit import fit
from roadsight_training.gradient import to_gradient_onnx
from roadsight_training.judging.evaluation import measure
from roadsight_training.prepare import start_network
from roadsight_training.publish import publish
from roadsight_training.recipe import Publish
from roadsight_training.run import Run, open_run
from training.judging.drawn import MANIFEST, logits, sample
from training.tiny import gtsrb_row, learnable, packed, recipe

COST = gates.Cost(parameters=1, time=None)
IMAGENET_C = [name for name, one in CORRUPTIONS.items() if one.imagenet_c]
SIDE = {"width": 32, "height": 32}
OPTIONS = {"epochs": 12, "learning_rate": 0.004}


@pytest.fixture(scope="module", autouse=True)
def _small_networks_are_not_timed() -> Iterator[None]:
    """One of a few layers is all overhead, and no faster in bytes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gates, "has_dot_products", lambda: False)
        yield


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return open_dataset(learnable(tmp_path_factory.mktemp("publish") / "data"))


@pytest.fixture(scope="module")
def run(dataset: Dataset) -> Run:
    path = recipe(
        dataset.folder.parent / "tiny.yaml",
        network={"name": "lenet5", "activation": "relu"},
        input=SIDE,
        fit=OPTIONS,
        publish={"at_least": {"top1": 0.9}, "precisions": ["float16", "int8"], "loss": 0.1, "stress": 8},
    )
    return fit(path, dataset, dataset.folder.parent / "run")


@pytest.fixture(scope="module")
def root(run: Run, dataset: Dataset) -> Path:
    """Published by the command, as a person would."""
    place = dataset.folder.parent / "bundles"
    with pytest.raises(SystemExit) as ended:
        cli.main(["publish", str(run.folder), "--version", "1.0.0", "--data", str(dataset.folder), "--out", str(place)])
    assert ended.value.code == 0
    return place


def wanting(run: Run, **wanted: Any) -> Run:
    """The run, with a recipe that wants something else of a model."""
    asked = run.recipe.publish.model_dump(exclude={"loss", "stress"}) | wanted
    return replace(run, recipe=run.recipe.model_copy(update={"publish": Publish.model_validate(asked)}))


def test_every_precision_is_measured_and_serves(root: Path, dataset: Dataset) -> None:
    bundle = bundles.load(root / "tiny" / "1.0.0")
    manifest = bundle.manifest
    assert [one.name for one in manifest.precisions] == ["float16", "int8"]
    samples = dataset.select("test")
    frames, truth = crops(dataset, samples, manifest.input), np.array([sample.index for sample in samples])
    whole = open_session(bundle, "cpu", precision="float32").run(frames).logits
    for one in manifest.precisions:
        said = open_session(bundle, "cpu", precision=one.name).run(frames).logits
        assert one.top1 == (said.argmax(1) == truth).mean()
        assert one.size == (bundle.folder / one.file).stat().st_size < bundle.classifier.stat().st_size
        assert 0 < np.abs(said - whole).max() < 0.2 * np.abs(whole).max()
    half, quarter = manifest.precisions
    assert (half.latency_ratio, quarter.latency_ratio is not None) == (None, True)
    assert half.size < 0.6 * bundle.classifier.stat().st_size
    assert quarter.size < 0.4 * bundle.classifier.stat().st_size


def test_figures_of_each_precision_can_be_had_again(root: Path, dataset: Dataset, tmp_path: Path) -> None:
    bundle = bundles.load(root / "tiny" / "1.0.0")
    for one in bundle.manifest.precisions:
        path = tmp_path / f"{one.name}.json"
        asked = ["evaluate", str(bundle.folder), "--data", str(dataset.folder), "--precision", one.name]
        with pytest.raises(SystemExit):
            cli.main([*asked, "--json", str(path)])
        assert json.loads(path.read_text())["top1"] == one.top1


def test_it_can_be_attacked_by_its_own_gradient(root: Path, dataset: Dataset) -> None:
    session = open_gradient(bundles.load(root / "tiny" / "1.0.0"), "cpu")
    samples = dataset.select("test")
    truth = np.zeros((len(samples), len(session.manifest.labels)), np.float32)
    truth[np.arange(len(samples)), [sample.index for sample in samples]] = 1
    pixels = np.asarray(crops(dataset, samples, session.manifest.input) / 255, np.float32)
    logits, gradient = session.run(pixels, truth)
    assert (logits.argmax(1) == truth.argmax(1)).mean() >= 0.9
    moved = np.asarray(pixels - 0.1 * np.sign(gradient), np.float32)
    against = session.run(moved, truth).logits
    assert ((against - logits) * truth).sum(1).max() < 0


def test_a_gradient_of_another_network_is_refused(
    run: Run, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = start_network(run.recipe, run.labels)
    monkeypatch.setattr("roadsight_training.publish.to_gradient_onnx", lambda _, rule: to_gradient_onnx(other, rule))
    with pytest.raises(GradientBroken, match=r"differ by .* of the largest value"):
        publish(wanting(run, precisions=[]), "1.0.0", dataset, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_it_stands_can_be_had_again(root: Path, run: Run, dataset: Dataset, tmp_path: Path) -> None:
    folder = root / "tiny" / "1.0.0"
    (mean,) = (one for one in bundles.load(folder).manifest.metrics if one.name == "corrupted_top1")
    under = stressed(folder, dataset, tmp_path, "--split", "test")
    assert mean.n == 8
    assert mean.value == pytest.approx(np.mean([top1 for (name, _), top1 in under.items() if name in IMAGENET_C]))
    held = stressed(folder, dataset, tmp_path, "--split", "validation", "--only", "margin")
    assert {name for name, _ in held} == {"margin"}
    card = (folder / "card.md").read_text()
    for (_, level), top1 in held.items():
        assert f"| validation | margin | {level:g} of the box's sides | {top1:.2%} |" in card


def stressed(folder: Path, dataset: Dataset, out: Path, *asked: str) -> dict[tuple[str, float], float]:
    """What the command that the card names says: top-1 by name and level."""
    command = ["stress", str(folder), "--data", str(dataset.folder), "--images", "8", *asked]
    with pytest.raises(SystemExit):
        cli.main([*command, "--json", str(out / "x.json")])
    return {(one["name"], one["level"]): one["top1"] for one in json.loads((out / "x.json").read_text())}


def test_other_splits_are_published_beside(run: Run, dataset: Dataset, tmp_path: Path) -> None:
    shifted = [gtsrb_row(i, 20 + i, frame, split="test_shift") for i in range(2) for frame in range(5)]
    rows = [gtsrb_row(i, track, frame) for i in range(3) for track in range(3) for frame in range(8)]
    rows += [gtsrb_row(i, 9, frame, split="test") for i in range(3) for frame in range(4)]
    both = open_dataset(packed(tmp_path / "data", [*rows, *shifted]))
    found = publish(wanting(run, also=["test_shift"], precisions=[]), "1.0.0", both, tmp_path / "out").bundle.manifest
    top1 = {one.split: one.n for one in found.metrics if one.name == "top1"}
    assert top1 == {"test": 12, "test_shift": 10}


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"at_least": {"top1": 1.0, "lowest_recall": 1.0}}, "top1: .*at least 1; lowest_recall: .*at least 1$"),
        ({"ece": 0.0}, r"calibration: ECE 0\.\d+, at most 0$"),
        ({"parameters": 1000}, r"size: \d+ parameters, at most 1000$"),
        ({"time": 0.001}, r"time: share of float32 ResNet-18 on 64 px 0\.\d+, at most 0\.001$"),
    ],
)
def test_a_model_that_does_not_reach_what_is_wanted_leaves_nothing_behind(
    wanted: dict[str, Any], said: str, run: Run, dataset: Dataset, tmp_path: Path
) -> None:
    torn = confused(dataset)
    with pytest.raises(GateFailed, match=f"not published: {said}"):
        publish(wanting(run, precisions=[], **{"at_least": {}, "ece": 1.0, **wanted}), "1.0.0", torn, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_model_is_timed_beside_resnet18_if_its_recipe_asks(run: Run, dataset: Dataset, tmp_path: Path) -> None:
    done = publish(wanting(run, precisions=[], time=0.5), "1.0.0", dataset, tmp_path / "out")
    (told,) = (gate.said for gate in done.gates if gate.name == "time")
    assert 0 < float(told.split("64 px ")[1].split(",")[0]) < 0.5  # LeNet-5 on 32 pixels
    assert f"| time | {told} |" in (done.bundle.folder / "card.md").read_text()


def confused(dataset: Dataset, wrong: int = 1) -> Dataset:
    """The data set with the truth of some held-out pictures of another class."""
    held = [sample for sample in dataset.samples if sample.split == "test"][:wrong]
    samples = tuple(replace(one, index=(one.index + 1) % 3) if one in held else one for one in dataset.samples)
    return replace(dataset, samples=samples)


@pytest.mark.parametrize(
    ("also", "why"), [("train", "was trained on 'train'"), ("test_shifd", "no row of split 'test_shifd'")]
)
def test_what_can_t_be_measured_is_told_before_anything_is(
    also: str, why: str, run: Run, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("roadsight_training.publish.draft", None)  # never gets there
    with pytest.raises((BadSplit, BadDataset), match=why):
        publish(wanting(run, also=[also]), "1.0.0", dataset, tmp_path / "out")


def test_a_model_that_is_worse_than_the_one_before_is_refused(root: Path, run: Run, dataset: Dataset) -> None:
    worse = wanting(run, at_least={}, ece=1.0, precisions=[])
    with pytest.raises(GateFailed, match=r"no worse: top-1 0\.5000; 1\.0\.0 has 1\.0000, 95 % from 0\.75"):
        publish(worse, "1.1.0", confused(dataset, 6), root)
    assert [path.name for path in (root / "tiny").iterdir()] == ["1.0.0"]
    assert (
        publish(worse, "1.1.0", confused(dataset, 1), root).bundle.manifest.version == "1.1.0"
    )  # by less than is certain


def test_bytes_that_answer_otherwise_are_refused(
    run: Run, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def blinded(graph: bytes, frames: Any, spared: int) -> bytes:
        return room.to_int8(graph, np.zeros_like(frames))  # every range is that of black pictures

    monkeypatch.setitem(room.CONVERT, "int8", blinded)
    with pytest.raises(GoldenMismatch, match="in int8 on cpu the golden probabilities differ by"):
        publish(wanting(run, precisions=["int8"], loss=1.0), "1.0.0", dataset, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("quick", [True, False])
def test_bytes_must_be_faster_where_they_can_be(quick: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "has_dot_products", lambda: quick)
    slow = Precision(name="int8", file="x.onnx", size=1, top1=1, latency_ratio=1.2, golden_tolerance=0.1)
    report = measure(logits((0.7, 0.1, 0.1, 0.1)), [sample(0)], MANIFEST)
    failed = [gate for gate in gates.judge(report, Publish(ece=1), [slow], COST, None) if not gate.passed]
    assert [gate.said for gate in failed] == ["takes 1.20 of the time of float32"] * quick


def test_a_precision_may_cost_so_much_and_no_more() -> None:
    report = measure(logits((0.7, 0.1, 0.1, 0.1)), [sample(0)], MANIFEST)
    told = {"name": "int8", "file": "x.onnx", "size": 1, "latency_ratio": None, "golden_tolerance": 0.1}
    for top1, passes in ((0.9971, True), (0.9969, False), (1.0, True)):
        found = gates.judge(report, Publish(ece=1), [Precision.model_validate({**told, "top1": top1})], COST, None)
        assert all(gate.passed for gate in found) == passes


def test_ranges_are_taken_from_what_was_trained_on(
    run: Run, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Any] = []

    def kept(graph: bytes, frames: Any, spared: int) -> bytes:
        shown.append(frames)
        return room.to_float16(graph, frames)

    monkeypatch.setitem(room.CONVERT, "float16", kept)
    publish(wanting(run, precisions=["float16"]), "1.0.0", dataset, tmp_path / "out")
    rows = [one for one in dataset.select("train") if one.group not in open_run(run.folder).validation]
    (frames,) = shown
    wanted = crops(dataset, rows, run.recipe.input)
    assert sorted(frame.tobytes() for frame in frames) == sorted(frame.tobytes() for frame in wanted)
