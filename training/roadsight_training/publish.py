"""A run and its data -> a bundle that passed every gate, in all its precisions, or nothing.

Run --draft--> float32 graph --CONVERT--> int8, float16 --measure--> Precisions --judge--> Gates --save--> Bundle
as export      network --to_gradient_onnx, check_gradient--> gradient.onnx         GateFailed        BadBundle
                         NotDifferentiable, GradientBroken
               every graph --_more--> what the card says of other splits and of stress
"""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from roadsight_models import bundle as bundles
from roadsight_models.bundle import Bundle
from roadsight_models.frame import Pixels
from roadsight_models.manifest import Manifest, Metric, Precision
from roadsight_models.precision import choose
from roadsight_models.session import open_session
from roadsight_training import gates
from roadsight_training.card import Measured, card_files
from roadsight_training.card.sections import CORRUPTED
from roadsight_training.card.stressed import mean_top1
from roadsight_training.datasets import Dataset
from roadsight_training.datasets.pictures import crops, decode_all
from roadsight_training.datasets.selection import few
from roadsight_training.export import Draft, check_split, draft, metrics
from roadsight_training.golden import golden
from roadsight_training.gradient import to_gradient_onnx
from roadsight_training.gradient_check import check_gradient
from roadsight_training.judging.evaluation import evaluate
from roadsight_training.judging.stress import MARGIN, Stressed, some, stress
from roadsight_training.loading import crop_all
from roadsight_training.precisions import CALIBRATION, CONVERT, Trial, measure
from roadsight_training.run import HELD_BACK, Run, held_back
from roadsight_training.summary import summarise
from roadsight_training.yardstick import share_of_yardstick


class Published(NamedTuple):
    """A bundle, and what it had to pass."""

    bundle: Bundle
    gates: list[gates.Gate]


def publish(run: Run, version: str, dataset: Dataset, root: Path, notes: str = "") -> Published:
    """Publishes a run's best checkpoint as `<root>/<name>/<version>/`, if it passes every gate.

    Args:
        run: a trained run, whose recipe says in `publish` what is wanted.
        version: semantic, not published before.
        dataset: what the run was trained on, opened with the run's labels.
        root: the folder of all bundles; the newest version there is what the new one is held against.
        notes: Markdown for the card: what a person saw in the pictures that it gets wrong.

    Raises:
        GateFailed: says which gates, with their figures; nothing is written.
        GoldenMismatch: a graph does not reproduce the golden answers.
        NotDifferentiable: the network has a layer whose gradient has no ONNX graph.
        GradientBroken: the graph of the gradient differs from torch on training images.
        BadRun, BadSplit, BadDataset, ParityBroken, BadBundle: as `export` does.
    """
    wanted = run.recipe.publish
    before = bundles.latest(root).get(run.recipe.name)
    for split in wanted.also:
        check_split(run, dataset, split)
    drafted = draft(run, version, dataset, wanted.split, root)
    shown = _trained_on(run, dataset)
    graphs = _graphs(run, drafted, dataset, shown)
    gradient = to_gradient_onnx(drafted.network, run.recipe.input)
    agreement = check_gradient(gradient, drafted.network, shown)
    files = drafted.files | {one.file: graph for one, graph in graphs.items()} | {bundles.GRADIENT: gradient}
    manifest = drafted.manifest.model_copy(update={"precisions": tuple(graphs)})
    older = bundles.load(before).manifest if before else None
    passed = gates.judge(drafted.report, wanted, manifest.precisions, _cost(run, drafted, manifest, files), older)
    gates.require(passed)
    passed.append(gates.Gate("gradient", True, str(agreement)))
    found = _more(run, manifest, files, dataset)
    beside = [metric for split, report in found.reports.items() for metric in metrics(report, split)]
    beside += _corrupted(found, wanted.split)
    manifest = manifest.model_copy(update={"metrics": (*manifest.metrics, *beside)})
    measured = Measured({wanted.split: drafted.report} | dict(found.reports), found.stressed, passed, notes)
    return Published(bundles.save(root, manifest, files | card_files(manifest, measured)), passed)


def _cost(run: Run, drafted: Draft, manifest: Manifest, files: Mapping[str, bytes]) -> gates.Cost:
    rule, picked = run.recipe.input, choose(manifest, "cpu")
    timed = run.recipe.publish.time is not None
    return gates.Cost(
        parameters=summarise(drafted.network, (rule.height, rule.width)).parameters,
        time=share_of_yardstick(files[picked.file], len(manifest.labels)) if timed else None,
    )


def _graphs(run: Run, drafted: Draft, dataset: Dataset, shown: Pixels) -> dict[Precision, bytes]:
    """Converts and measures every graph that the recipe wants beside float32."""
    samples = dataset.select(run.recipe.publish.split)
    truth = np.array([sample.index for sample in samples])
    rule = run.recipe.input
    trial = Trial(crops(dataset, samples, rule), truth, golden(drafted.network, rule), drafted.manifest.temperature)
    whole = drafted.files[bundles.CLASSIFIER]
    graphs = {name: CONVERT[name](whole, shown, run.recipe.publish.spared) for name in run.recipe.publish.precisions}
    return {measure(name, graph, whole, trial): graph for name, graph in graphs.items()}


def _more(run: Run, manifest: Manifest, files: Mapping[str, bytes], dataset: Dataset) -> Measured:
    """Tests every graph on the golden inputs, and measures the float32 one on other splits and under stress."""
    wanted = run.recipe.publish
    with tempfile.TemporaryDirectory() as folder:
        trial = bundles.save(Path(folder), manifest, files)
        for precision in manifest.precisions:
            open_session(trial, "cpu", precision=precision.name)
        session = open_session(trial, "cpu", os.cpu_count() or 1, precision="float32")
        reports = {
            split: evaluate(session, manifest, dataset, split, min_support=wanted.min_support) for split in wanted.also
        }
        stressed: dict[str, list[Stressed]] = {}
        if wanted.stress:
            held_out = some(dataset, dataset.select(wanted.split), wanted.stress, manifest.input)
            spoilt = run.recipe.data.unreadable
            held = some(dataset, held_back(run, dataset), wanted.stress, manifest.input, spoilt)
            stressed = {wanted.split: list(stress(session, held_out)), HELD_BACK: list(stress(session, held, [MARGIN]))}
    return Measured(reports, stressed)


def _corrupted(found: Measured, split: str) -> list[Metric]:
    """Mean top-1 over the corruptions, if they were measured."""
    if split not in found.stressed:
        return []
    images = max(one.undisturbed.n for one in found.stressed[split])
    value = mean_top1(found.stressed[split])
    return [Metric(name=CORRUPTED, split=split, value=value, interval=None, n=images)]


def _trained_on(run: Run, dataset: Dataset) -> Pixels:
    """Some crops that were trained on, which the ranges of bytes are taken from."""
    options = run.recipe.data
    rows = tuple(row for row in dataset.select(options.split, options.kind) if row.group in run.seen)
    if options.images_per_class is not None:
        rows = few(rows, options.images_per_class, options.seed)
    chosen = np.random.default_rng(options.seed).permutation(len(rows))[:CALIBRATION]
    decoded = decode_all(dataset, [rows[row] for row in sorted(chosen)], options.unreadable, run.recipe.input.context)
    return crop_all(decoded.pictures, run.recipe.input)
