"""Which learning rate to start from: the range test of Smith 2017, "Cyclical learning rates", section 3.3.

Recipe, Dataset --rates rise from step to step--> RangeTest --draw--> Figure
BadDataset, BadSplit, BadRecipe, BadWeights       Diverged
"""

import logging
import tempfile
import warnings
from contextlib import redirect_stderr
from dataclasses import dataclass
from io import StringIO

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from pytorch_lightning import Trainer, seed_everything
from pytorch_lightning.tuner.tuning import Tuner

from roadsight_training.datasets import Dataset
from roadsight_training.errors import Diverged
from roadsight_training.fitting import Fitting
from roadsight_training.judging.plots import BLUE, RED, describe, new_figure
from roadsight_training.prepare import decode_parts, measure_normalisation, start_network, training_loader
from roadsight_training.recipe import Recipe
from roadsight_training.teaching import hire

LOWEST, HIGHEST = 1e-6, 10.0
SKIPPED = 10  # of the first steps: the smoothed loss rests on few values there
DIVERGED = 4.0  # times the lowest loss: the test ends
DECAY = 0.98  # of the average by which Lightning smooths the loss

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class RangeTest:
    """What the loss was at each learning rate; both [N], the rates rising by the same factor each."""

    rates: Floats
    losses: Floats  # smoothed over the steps before, by an exponential average with decay `DECAY`

    @property
    def steepest(self) -> int:
        """Where the loss fell fastest over the logarithm of the rate, before it was lowest."""
        slopes = np.gradient(self.losses, np.log10(self.rates))
        return int(slopes[: self.lowest + 1].argmin())  # beyond, it falls back from where a too high rate threw it

    @property
    def suggestion(self) -> float:
        """The learning rate there: the loss still falls, and by a margin it does not diverge."""
        return float(self.rates[self.steepest])

    @property
    def lowest(self) -> int:
        """Where the loss was lowest: higher rates do harm."""
        return int(self.losses.argmin())


def range_test(recipe: Recipe, dataset: Dataset, steps: int = 100) -> RangeTest:
    """Trains the recipe's network for some steps, each with a higher learning rate, and throws it away.

    All parts of the network have the same rate, even where the recipe asks for layer-wise ones.

    Args:
        recipe: what would be trained.
        dataset: what it would be trained on.
        steps: of the optimiser, between 1e-6 and 10.

    Raises:
        BadDataset, BadSplit, BadRecipe, BadWeights: as in training.
        Diverged: the loss was no finite number from the start.
    """
    seed_everything(recipe.fit.seed, workers=True, verbose=False)
    parts = decode_parts(recipe, dataset)
    network = start_network(recipe, parts.labels)
    measure_normalisation(recipe, parts, network)
    loader, _ = training_loader(recipe, parts, 1)
    module = Fitting(network, recipe, len(parts.labels), steps, hire(recipe, parts.labels))
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a run that is thrown away, none matters
        trainer = Trainer(
            devices=1,
            default_root_dir=folder,
            accumulate_grad_batches=recipe.fit.accumulate,
            gradient_clip_val=recipe.fit.clip,
            max_epochs=10_000,
            limit_val_batches=0,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        with redirect_stderr(StringIO()):  # Lightning always draws a bar here, and leaves it unfinished
            found = Tuner(trainer).lr_find(
                module,
                loader,
                min_lr=LOWEST,
                max_lr=HIGHEST,
                num_training=steps,
                early_stop_threshold=DIVERGED,
                update_attr=False,
            )
    assert found is not None
    rates, losses = (np.array(found.results[name]) for name in ("lr", "loss"))
    done = np.arange(1, len(losses) + 1)
    losses *= (1 - DECAY ** (done + 1)) / (1 - DECAY**done)  # Lightning divides by the weights of a step too many
    counting = np.isfinite(losses) & (done > SKIPPED)
    if counting.sum() < 2:
        raise Diverged(SKIPPED, LOWEST)
    return RangeTest(rates[counting], losses[counting])


def draw(test: RangeTest, title: str) -> Figure:
    """Draws the loss against the learning rate, with the suggestion marked."""
    figure, (axes,) = new_figure(8, 4.5)
    axes.plot(test.rates, test.losses, color=BLUE, label="training loss, smoothed")
    axes.plot(
        test.suggestion, test.losses[test.steepest], "o", color=RED, label=f"falls fastest: {test.suggestion:.2g}"
    )
    axes.set_xscale("log")
    describe(axes, title, "learning rate", "loss")
    return figure
