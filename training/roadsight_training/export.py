"""A run and its data -> a published bundle, or nothing.

    Run --load_best--> network --to_onnx--> graph --check_parity--> session --measure--> Report --save--> Bundle
        BadRun                                    ParityBroken              BadDataset           BadBundle

Temperature and threshold come from the validation tracks; the split that is published is opened last, to be measured.
"""

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter, ValidationError

from roadsight_models import bundle as bundles
from roadsight_models.bundle import Bundle, check_new
from roadsight_models.manifest import Manifest, Metric, Parity, Provenance, Version
from roadsight_models.session import open_session
from roadsight_training.card import Measured, card_files
from roadsight_training.datasets import Dataset
from roadsight_training.datasets.pictures import decode_all
from roadsight_training.errors import BadRun, BadSplit
from roadsight_training.fit import load_best
from roadsight_training.golden import golden_file
from roadsight_training.graph import OPSET, check_parity, to_onnx
from roadsight_training.judging.calibration import choose_threshold, fit_temperature
from roadsight_training.judging.evaluation import evaluate, infer, measure
from roadsight_training.judging.figures import Report
from roadsight_training.loading import crop_all
from roadsight_training.networks import Network
from roadsight_training.recipe import HELD_OUT
from roadsight_training.run import HELD_BACK, Run, held_back

GOLDEN_TOLERANCE = 1e-3  # in probability, for float32


@dataclass(frozen=True)
class Draft:
    """A bundle before it is written."""

    manifest: Manifest  # calibrated, with its figures
    files: dict[str, bytes]
    network: Network
    report: Report  # on the split that its figures are of


def export(run: Run, version: str, dataset: Dataset, root: Path, split: str = HELD_OUT) -> Bundle:
    """Writes a run's best checkpoint as `<root>/<name>/<version>/`; raises as `draft` does.

    Raises:
        BadBundle: the version exists already, or a file is too large.
    """
    drafted = draft(run, version, dataset, split, root)
    told = card_files(drafted.manifest, Measured({split: drafted.report}))
    return bundles.save(root, drafted.manifest, drafted.files | told)


def draft(run: Run, version: str, dataset: Dataset, split: str, root: Path) -> Draft:
    """Makes the graph of a run's best checkpoint, calibrates it on validation, and measures it.

    Args:
        run: a trained run.
        version: semantic, not published before.
        dataset: what the run was trained on, opened with the run's labels.
        split: what it is measured on; not the one that was trained on. `validation` is the tracks that the run held
            back, for data that has no other split: the figures flatter a little.
        root: where it will be written.

    Raises:
        BadBundle: the version is there already.
        BadRun: the version is not semantic, there is no best checkpoint, or the data set lacks the validation tracks.
        BadSplit: the split was trained on, or is the one that is for validation.
        BadDataset: there is no such split, a picture of it can't be decoded, or too many of validation.
        ParityBroken: the graph differs from the network on the validation images.
    """
    _check_version(run, version)
    check_new(root / run.recipe.name / version)
    held = held_back(run, dataset)
    check_split(run, dataset, split)
    network, rule = load_best(run), run.recipe.input
    decoded = decode_all(dataset, held, run.recipe.data.unreadable, rule.context)
    held, frames = decoded.samples, crop_all(decoded.pictures, rule)
    graph = to_onnx(network, rule)
    manifest = _manifest(run, version, check_parity(graph, network, frames))
    files = {bundles.CLASSIFIER: graph, bundles.GOLDEN: golden_file(network, rule)}
    with tempfile.TemporaryDirectory() as folder:
        session = open_session(bundles.save(Path(folder), manifest, files), "cpu", os.cpu_count() or 1)
        logits = infer(session, frames)
        temperature = fit_temperature(logits, np.array([sample.index for sample in held]))
        threshold = choose_threshold(logits, temperature)
        manifest = manifest.model_copy(update={"temperature": temperature, "uncertain_below": threshold})
        support = run.recipe.publish.min_support
        if split == HELD_BACK:
            report = measure(logits, held, manifest, support)
        else:
            report = evaluate(session, manifest, dataset, split, min_support=support)
    return Draft(manifest.model_copy(update={"metrics": metrics(report, split)}), files, network, report)


def check_split(run: Run, dataset: Dataset, split: str) -> None:
    """Raises BadSplit for one that was trained on or chosen by, BadDataset for one that is not there: at once."""
    if split in run.recipe.data.splits:
        did = "was trained on" if split == run.recipe.data.split else "was chosen by"
        raise BadSplit(f"{run.folder} {did} {split!r}; what is published is measured on another split")
    if split != HELD_BACK:
        dataset.select(split)


def _check_version(run: Run, version: str) -> None:
    try:
        TypeAdapter(Version).validate_python(version)
    except ValidationError as error:
        raise BadRun(run.folder, f"can't be published as {version!r}; a version looks like 1.0.0") from error


def _manifest(run: Run, version: str, parity: Parity) -> Manifest:
    """The manifest before anything was calibrated or measured."""
    recipe = run.recipe
    return Manifest(
        name=recipe.name,
        version=version,
        task=recipe.task,
        architecture=recipe.network.name,
        labels=run.labels,
        input=recipe.input,
        opset=OPSET,
        temperature=1.0,
        uncertain_below=0.0,
        golden_tolerance=GOLDEN_TOLERANCE,
        parity=parity,
        metrics=(),
        licence=recipe.licence,
        provenance=Provenance(
            data=recipe.data.citation, weights=recipe.network.origin, code=_code(), recipe=run.recipe_text
        ),
        files={},
    )


def metrics(report: Report, split: str) -> tuple[Metric, ...]:
    """The figures of a report that a manifest publishes."""
    top1, sure, spread = report.top1, report.confident, report.between_tracks
    return (
        Metric(name="top1", split=split, value=top1.value, interval=top1.interval, n=report.n),
        Metric(name="macro_f1", split=split, value=report.macro_f1, interval=spread["macro_f1"], n=report.n),
        Metric(name="mean_recall", split=split, value=report.mean_recall, interval=spread["mean_recall"], n=report.n),
        Metric(name="ece", split=split, value=report.ece, interval=None, n=report.n),
        Metric(name="coverage", split=split, value=report.covered.value, interval=report.covered.interval, n=report.n),
        Metric(name="selective_accuracy", split=split, value=sure.value, interval=sure.interval, n=max(sure.n, 1)),
    )


def _code() -> str:
    """The version of Roadsight, and the commit where its source lies in a git work tree that has one."""
    commit = ""
    if git := shutil.which("git"):
        asked = [git, "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        commit = f", commit {done.stdout.strip()}" if done.returncode == 0 else ""
    return f"roadsight {installed('roadsight')}{commit}"
