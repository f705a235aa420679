"""A recipe and a data set -> a run folder with the best checkpoint.

    Dataset --decode_parts--> Parts --network, loaders--> Trainer.fit --> checkpoints/best.ckpt, last.ckpt
            BadDataset, BadSplit    BadRecipe, BadWeights Diverged, Stopped
                                    BadRun

Validation, on what training never sees, decides which checkpoint is best, unless the recipe keeps the last. The split
`test` is never opened here.
"""

import math
import warnings
from collections.abc import Sequence
from pathlib import Path

import cv2
from pytorch_lightning import Callback, seed_everything

from roadsight_training.datasets import Dataset
from roadsight_training.errors import BadRecipe, BadRun
from roadsight_training.fitting import Fitting
from roadsight_training.networks import Network
from roadsight_training.networks.earlier import restore
from roadsight_training.prepare import (
    Parts,
    decode_parts,
    measure_normalisation,
    seen_before,
    start_network,
    training_loader,
    validation_loaders,
)
from roadsight_training.recipe import Recipe, parse, text_of
from roadsight_training.run import Run, create, wait_for
from roadsight_training.stopwatch import faster_precision
from roadsight_training.teaching import hire
from roadsight_training.trainer import Hardware, make_trainer

WAIT = 1800.0  # seconds, in which the first process decodes the pictures and makes the run folder
KNOWN_WARNINGS = (
    ".*does not have many workers",  # nothing is decoded while training, one is enough
    ".*LeafSpec.* is deprecated",  # Lightning 2.6 under torch 2.15, nothing of ours
    ".*lr_scheduler.step.*before.*optimizer.step",  # on resume the optimiser's count starts anew
    "Found .* module.* in eval mode",  # what is frozen is meant to be
)


def fit(
    recipe_path: Path,
    dataset: Dataset,
    folder: Path,
    *,
    resume: bool = False,
    hardware: Hardware | None = None,
    callbacks: Sequence[Callback] = (),
) -> Run:
    """Trains, or goes on training.

    Args:
        recipe_path: the YAML; on resume it must be the one that the run was started with.
        dataset: holds the recipe's split.
        folder: the run folder, made here unless `resume`.
        resume: go on from the newest checkpoint; on one CPU, to the bit as if the run had never been interrupted.
        hardware: devices and machines; by default one device. Of several processes the first makes the folder, which
            the others must see.
        callbacks: Lightning's, beside those that write the run folder.

    Raises:
        BadDataset: no rows, or too many pictures that can't be decoded.
        BadSplit: as `divide` does.
        BadRecipe: the recipe is not understood.
        BadRun: the folder is in the way, or is not a run of this recipe.
        BadWeights: the starting weights are missing or do not fit.
        Diverged: the loss is no finite number any more.
        Stopped: Ctrl-C or SIGTERM came; the run was saved.
    """
    text = text_of(recipe_path)
    recipe, hardware = parse(text, recipe_path), hardware or Hardware()
    if hardware.world > 1 and recipe.transfer.train == "head_then_all":
        raise BadRecipe("transfer.train", "head_then_all is for one process: the others would not learn what thaws")
    seed_everything(recipe.fit.seed, workers=True)
    cv2.setNumThreads(1)  # pictures are too small to share
    parts = decode_parts(recipe, dataset)
    network = start_network(recipe, parts.labels)
    measure_normalisation(recipe, parts, network)
    loader, rounds = training_loader(recipe, parts, hardware.world)
    steps = rounds * math.ceil(len(loader) / recipe.fit.accumulate)
    module = Fitting(network, recipe, len(parts.labels), steps, hire(recipe, parts.labels))
    if resume or not hardware.leads:
        run = _open(folder, text, parts, 0 if resume else WAIT)
    else:
        run = _create(folder, text, recipe, parts, seen_before(recipe, dataset))
    with warnings.catch_warnings():
        for known in KNOWN_WARNINGS:
            warnings.filterwarnings("ignore", known)
        trainer = make_trainer(run, hardware, rounds, len(loader), callbacks)
        trainer.fit(
            module,
            loader,
            validation_loaders(recipe, parts),
            # Training goes the same way each time: a run without a checkpoint goes on from its beginning.
            ckpt_path=run.last if resume and run.last.is_file() else None,
            weights_only=True,
        )
    return run


def _create(folder: Path, text: str, recipe: Recipe, parts: Parts, before: frozenset[str]) -> Run:
    precision = recipe.fit.precision if recipe.fit.precision != "auto" else faster_precision(recipe, parts)
    damaged = [str(error) for error in parts.damaged]
    return create(folder, text, parts.labels, parts.held, parts.shown | before, precision, damaged)


def _open(folder: Path, text: str, parts: Parts, seconds: float) -> Run:
    run = wait_for(folder, seconds)
    if (run.recipe_text, run.labels, run.validation) != (text, parts.labels, parts.held):
        raise BadRun(folder, "can't be resumed: another recipe or data set")
    return run


def load_best(run: Run) -> Network:
    """Loads the averaged weights of the best checkpoint into a network in evaluation mode.

    Raises:
        BadRun: there is no such checkpoint, or it is damaged.
    """
    return restore(run, run.best)
