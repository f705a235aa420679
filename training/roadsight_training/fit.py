"""A recipe and a data set -> a run folder with the best checkpoint.

    Dataset --select, hold_back--> loaders --Trainer.fit--> checkpoints/best.ckpt, last.ckpt
            BadDataset, BadSplit   BadDataset  BadRun, BadWeights

Validation decides which checkpoint is best, on tracks that training never sees; the split `test` is never opened here.
"""

import sys
import warnings
from functools import partial
from pathlib import Path

import cv2
import torch
from pytorch_lightning import Callback, Trainer, seed_everything
from pytorch_lightning.callbacks import (
    EMAWeightAveraging,
    LearningRateMonitor,
    ModelCheckpoint,
    RichProgressBar,
    TQDMProgressBar,
)
from pytorch_lightning.loggers import TensorBoardLogger

from roadsight_training.datasets import Dataset, hold_back
from roadsight_training.errors import BadRecipe, BadRun
from roadsight_training.fitting import Fitting
from roadsight_training.loading import training_loader, validation_loader
from roadsight_training.networks import NETWORKS, Network
from roadsight_training.recipe import Recipe, read
from roadsight_training.run import Run, create, open_run

KNOWN_WARNINGS = (
    "Checkpoint directory .* exists and is not empty",  # so it is meant to be, on resume
    ".*does not have many workers",  # nothing is decoded while training, one is enough
    ".*LeafSpec.* is deprecated",  # Lightning 2.6 under torch 2.15, nothing of ours
)


def build(recipe: Recipe, classes: int) -> Network:
    """Builds the recipe's network for that many classes.

    Raises:
        BadRecipe: no such network; names those there are.
        BadWeights: its weights are missing or do not fit.
    """
    if recipe.network.name not in NETWORKS:
        raise BadRecipe(Path("network.name"), f"no network {recipe.network.name!r}; there are: {', '.join(NETWORKS)}")
    return NETWORKS[recipe.network.name](classes, recipe.network.weights, recipe.network.dropout)


def fit(recipe_path: Path, dataset: Dataset, folder: Path, *, resume: bool = False) -> Run:
    """Trains, or goes on training.

    Args:
        recipe_path: the YAML; on resume it must be the one that the run was started with.
        dataset: holds the recipe's split.
        folder: the run folder, made here unless `resume`.
        resume: go on from the newest checkpoint.

    Raises:
        BadDataset: no rows, or a picture that can't be decoded.
        BadSplit: no class has two tracks.
        BadRecipe: the recipe is not understood.
        BadRun: the folder is in the way, or is not a run of this recipe.
        BadWeights: the starting weights are missing or do not fit.
    """
    recipe = read(recipe_path)
    seed_everything(recipe.fit.seed, workers=True)
    cv2.setNumThreads(1)  # pictures are too small to share
    network = build(recipe, len(dataset.labels))
    samples = dataset.select(recipe.data.split, recipe.data.kind)
    training, validation = hold_back(samples, recipe.data.validation, recipe.fit.seed)
    held = frozenset(sample.group for sample in validation)
    text = recipe_path.read_text(encoding="utf-8")
    loaders = training_loader(dataset, training, recipe), validation_loader(dataset, validation, recipe)
    run = create(folder, text, dataset.labels, held) if not resume else open_run(folder)
    if (run.recipe_text, run.labels, run.validation) != (text, dataset.labels, held) or (
        resume and not run.last.is_file()
    ):
        raise BadRun(folder, "can't be resumed: another recipe or data set, or no checkpoint yet")
    module = Fitting(network, recipe.fit, len(dataset.labels))
    with warnings.catch_warnings():
        for known in KNOWN_WARNINGS:
            warnings.filterwarnings("ignore", known)
        make_trainer(run, len(loaders[0])).fit(module, *loaders, ckpt_path=run.last if resume else None)
    return run


def make_trainer(run: Run, steps: int) -> Trainer:
    """The Lightning trainer that writes checkpoints and TensorBoard logs into the run folder; `steps` is per epoch."""
    saved = partial(ModelCheckpoint, run.checkpoints, enable_version_counter=False, save_on_train_epoch_end=False)
    callbacks: list[Callback] = [
        RichProgressBar() if sys.stdout.isatty() else TQDMProgressBar(refresh_rate=50),
        EMAWeightAveraging(decay=run.recipe.fit.average_decay),
        LearningRateMonitor("step"),
        # Both are saved at the end of validation, when Lightning puts the averaged weights into the checkpoint.
        saved("best", monitor="val_loss"),
        saved("last"),
    ]
    return Trainer(
        max_epochs=run.recipe.fit.epochs,
        callbacks=callbacks,
        logger=TensorBoardLogger(run.folder, name="", version="logs"),
        log_every_n_steps=min(20, steps),
        enable_model_summary=False,
    )


def load_best(run: Run) -> Network:
    """Loads the averaged weights of the best checkpoint into a network in evaluation mode.

    Raises:
        BadRun: there is no such checkpoint.
    """
    if not run.best.is_file():
        raise BadRun(run.best, "no such file; has the run ended its first epoch?")
    bare = run.recipe.model_copy(update={"network": run.recipe.network.model_copy(update={"weights": "none"})})
    network = build(bare, len(run.labels))
    state = torch.load(run.best, map_location="cpu", weights_only=True)["state_dict"]
    prefix = "network."
    network.load_state_dict(
        {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
    )
    return network.eval()
