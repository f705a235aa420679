"""The whole way on a tiny drawn set: recipe -> run -> resume -> bundle -> session -> figures."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

import roadsight_training
from roadsight_models import bundle as bundles
from roadsight_models import cli
from roadsight_models.errors import BadBundle
from roadsight_models.session import open_session
from roadsight_training import export as export_room
from roadsight_training.datasets import Dataset, open_dataset
from roadsight_training.errors import BadDataset, BadRecipe, BadRun, BadSplit, ParityBroken
from roadsight_training.export import export
from roadsight_training.fit import fit, load_best
from roadsight_training.fitting import Fitting
from roadsight_training.graph import torch_logits
from roadsight_training.loading import Batch
from roadsight_training.run import Run, open_run
from training import tiny
from training.tiny import gtsrb_row, learnable, packed


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return learnable(tmp_path_factory.mktemp("way") / "data")


@pytest.fixture(scope="module")
def dataset(folder: Path) -> Dataset:
    return open_dataset(folder)


@pytest.fixture(scope="module")
def recipe(folder: Path) -> Path:
    network = {"name": "efficientnet_lite0", "weights": "none", "dropout": 0}
    return tiny.recipe(folder.parent / "tiny.yaml", input={"width": 32, "height": 32}, network=network)


@pytest.fixture(scope="module")
def killed(recipe: Path, dataset: Dataset) -> dict[str, int]:
    """A run that dies in its second epoch; gives what its newest checkpoint says."""

    def die(fitting: Fitting) -> None:
        if fitting.current_epoch == 1:
            raise RuntimeError("killed")

    with pytest.MonkeyPatch.context() as patch, pytest.raises(RuntimeError, match="killed"):
        patch.setattr(Fitting, "on_train_epoch_start", die)
        fit(recipe, dataset, recipe.parent / "run")
    return progress(recipe.parent / "run" / "checkpoints" / "last.ckpt")


@pytest.fixture(scope="module")
def run(killed: dict[str, int], recipe: Path, dataset: Dataset) -> Run:
    """The run taken up again; its second epoch is made to look worse than its first."""

    def worse(fitting: Fitting, batch: Batch, _: int, dataloader_idx: int = 0) -> None:
        if dataloader_idx == 0:
            fitting.log("val_loss", 1e9, batch_size=len(batch.frames), add_dataloader_idx=False)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Fitting, "validation_step", worse)
        return fit(recipe, dataset, recipe.parent / "run", resume=True)


def progress(checkpoint: Path) -> dict[str, int]:
    state = torch.load(checkpoint, weights_only=True)
    return {"epoch": state["epoch"], "steps": state["global_step"]}


@pytest.fixture(scope="module")
def bundle(run: Run, dataset: Dataset) -> bundles.Bundle:
    return export(run, "1.0.0", dataset, run.folder.parent / "bundles")


def test_a_run_folder_holds_what_export_needs(run: Run, dataset: Dataset) -> None:
    again = open_run(run.folder)
    assert again == run
    assert again.labels == dataset.labels
    assert len(again.validation) == 3
    assert again.best.is_file()
    assert again.last.is_file()
    assert list((run.folder / "logs").glob("events*"))


def test_resume_goes_on_where_the_run_died_and_keeps_the_best_checkpoint(run: Run, killed: dict[str, int]) -> None:
    assert killed == {"epoch": 0, "steps": 3}
    assert progress(run.last) == {"epoch": 1, "steps": 6}
    assert progress(run.best) == killed


def test_a_run_in_the_way_or_of_another_recipe_is_left_alone(run: Run, recipe: Path, dataset: Dataset) -> None:
    with pytest.raises(BadRun, match="is there already; --resume"):
        fit(recipe, dataset, run.folder)
    other = recipe.with_name("other.yaml")
    other.write_text(recipe.read_text().replace("0.003", "0.004"))
    with pytest.raises(BadRun, match="can't be resumed: another recipe"):
        fit(other, dataset, run.folder, resume=True)
    with pytest.raises(BadRun, match=r"recipe\.yaml: no such file; a folder that `roadsight train` made"):
        fit(recipe, dataset, run.folder / "nowhere", resume=True)


def test_an_unknown_network_is_told_with_those_there_are(recipe: Path, dataset: Dataset, tmp_path: Path) -> None:
    other = recipe.with_name("unknown.yaml")
    other.write_text(recipe.read_text().replace("efficientnet_lite0", "efficientnet_lite9"))
    with pytest.raises(
        BadRecipe, match=r"'efficientnet_lite9'; did you mean 'efficientnet_lite[01]'. there are: logistic, mlp, "
    ):
        fit(other, dataset, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_bundle_says_what_torch_says_for_any_batch(run: Run, bundle: bundles.Bundle) -> None:
    session, network = open_session(bundle, "cpu"), load_best(run)
    for n in (1, 2, 7):
        frames = np.random.default_rng(n).integers(0, 256, (n, 32, 32, 3), np.uint8)
        outputs = session.run(frames)
        np.testing.assert_allclose(outputs.logits, torch_logits(network, frames), atol=1e-4)
        assert outputs.embedding.shape == (n, 1280)


def test_the_graph_is_lean(bundle: bundles.Bundle) -> None:
    graph = onnx.load(bundle.classifier)
    kinds = {node.op_type for node in graph.graph.node}
    assert kinds == {"Transpose", "Cast", "Sub", "Div", "Conv", "Clip", "Add", "ReduceMean", "Gemm"}
    assert [opset.version for opset in graph.opset_import] == [bundle.manifest.opset]


def test_no_path_of_the_machine_that_trained_is_in_the_bundle(bundle: bundles.Bundle) -> None:
    written = b"".join(path.read_bytes() for path in bundle.folder.iterdir())
    assert b".py" not in written
    assert str(Path(roadsight_training.__file__).parents[2]).encode() not in written


def test_the_manifest_tells_where_the_bundle_comes_from(
    recipe: Path, run: Run, bundle: bundles.Bundle, dataset: Dataset
) -> None:
    manifest = bundle.manifest
    assert manifest.labels == dataset.labels
    assert manifest.provenance.recipe == recipe.read_text()
    assert manifest.parity.n == 24
    assert {
        metric.name: metric.n for metric in manifest.metrics if metric.name != "selective_accuracy"
    } == dict.fromkeys(("top1", "macro_f1", "mean_recall", "ece", "coverage"), 12)
    assert "drawn by the tests" in (bundle.folder / "card.md").read_text()
    assert bundle.golden().frames.shape == (20, 32, 32, 3)


def test_export_refuses_what_it_should(
    run: Run, bundle: bundles.Bundle, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadRun, match="a version looks like"):
        export(run, "one", dataset, tmp_path)
    foreign = open_dataset(packed(tmp_path / "foreign", [gtsrb_row(0, 0, 0)]))
    with pytest.raises(BadRun, match="validation tracks are not all in"):
        export(run, "1.0.0", foreign, tmp_path)
    untested = Dataset(dataset.folder, dataset.labels, dataset.select("train"), dataset.read)
    with pytest.raises(BadDataset, match="no row of split 'test'"):
        export(run, "1.0.0", untested, tmp_path)
    with pytest.raises(BadSplit, match="was trained on 'train'; what is published is measured on another split"):
        export(run, "1.0.0", dataset, tmp_path, "train")
    with pytest.raises(BadBundle, match="this version exists already"):
        export(run, "1.0.0", dataset, bundle.folder.parents[1])
    monkeypatch.setattr(export_room, "to_onnx", lambda network, rule: doctored(bundle))
    with pytest.raises(ParityBroken, match=r"differ by .* on 24 images"):
        export(run, "1.0.1", dataset, tmp_path / "bundles")
    assert not (tmp_path / "bundles").exists()


def test_data_without_another_split_is_exported_on_what_was_held_back(
    run: Run, dataset: Dataset, tmp_path: Path
) -> None:
    only = Dataset(dataset.folder, dataset.labels, dataset.select("train"), dataset.read)
    bundle = export(run, "1.0.0", only, tmp_path, "validation")
    assert {(one.split, one.n) for one in bundle.manifest.metrics if one.name == "top1"} == {("validation", 24)}
    assert (
        "temperature, threshold and maybe the checkpoint were chosen on them" in (bundle.folder / "card.md").read_text()
    )


def test_what_training_left_out_as_damaged_does_not_stand_in_the_way_of_export(
    run: Run, dataset: Dataset, tmp_path: Path
) -> None:
    bad = next(sample.path for sample in dataset.select("train") if sample.group in run.validation)
    torn = replace(dataset, read=lambda sample: b"torn" if sample.path == bad else dataset.read(sample))
    with pytest.raises(BadDataset, match="1 of 24 samples are damaged"):
        export(run, "1.0.0", torn, tmp_path)
    lenient = run.recipe.model_copy(update={"data": run.recipe.data.model_copy(update={"unreadable": 0.1})})
    assert export(replace(run, recipe=lenient), "1.0.0", torn, tmp_path).manifest.parity.n == 23


def doctored(bundle: bundles.Bundle) -> bytes:
    """The graph with another bias in its head."""
    graph = onnx.load(bundle.classifier)
    (head,) = (node for node in graph.graph.node if node.op_type == "Gemm")
    (bias,) = (tensor for tensor in graph.graph.initializer if tensor.name == head.input[2])
    bias.CopyFrom(onnx.numpy_helper.from_array(np.linspace(0, 2, 43, dtype=np.float32), bias.name))
    return bytes(graph.SerializeToString())


def test_the_command_line_prints_and_writes_figures(
    bundle: bundles.Bundle, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "figures.json"
    asked = ["evaluate", str(bundle.folder), "--data", str(folder), "--split", "test", "--json", str(path)]
    with pytest.raises(SystemExit) as ended:
        cli.main(asked)
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert "tiny 1.0.0 on test, kind auto" in printed
    assert "top-1" in printed
    figures = json.loads(path.read_text())
    published = {metric.name: metric.value for metric in bundle.manifest.metrics}
    assert figures["n"] == 12
    assert {name: figures[name] for name in ("top1", "macro_f1", "mean_recall")} == {
        name: published[name] for name in ("top1", "macro_f1", "mean_recall")
    }
