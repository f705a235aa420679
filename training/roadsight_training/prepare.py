"""A recipe and a data set -> all that training needs, decided once.

Dataset --only, select--> Samples --hold_back, few--> decoded parts --measure--> network, loaders
        BadDataset                BadSplit            BadDataset                 BadRecipe, BadWeights
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch.utils.data import DataLoader

from roadsight_models.bundle import load
from roadsight_training.datasets import Dataset, Sample
from roadsight_training.datasets.balance import balance_weights, label_weights
from roadsight_training.datasets.pictures import Decoded, Picture, decode_all
from roadsight_training.datasets.selection import apart, few, hold_back, without
from roadsight_training.errors import BadDataset, BadRecipe, BadSplit
from roadsight_training.loading import Batch, Order, TrainingBatches, TrainingLoader, crop_all, evaluation_loader
from roadsight_training.networks import Network, build
from roadsight_training.networks.earlier import is_bundle, start_from
from roadsight_training.networks.normalisation import measure
from roadsight_training.networks.unfolding import settle
from roadsight_training.recipe import Recipe, parse
from roadsight_training.recipe.network import NONE
from roadsight_training.run import run_of
from roadsight_training.summary import summarise
from roadsight_training.transforms import Augmentation, reach

SEEN = 1024  # pictures that are trained on and measured like validation, at most


@dataclass(frozen=True)
class Parts:
    """What is trained on and what is validated on, decoded."""

    labels: tuple[str, ...]  # index == logit column
    training: Decoded
    validation: Decoded

    @property
    def held(self) -> frozenset[str]:
        """Groups of samples that training never sees."""
        return frozenset(sample.group for sample in self.validation.samples)

    @property
    def shown(self) -> frozenset[str]:
        """Groups of samples that training sees."""
        return frozenset(sample.group for sample in self.training.samples)

    @property
    def damaged(self) -> tuple[BadDataset, ...]:
        """What could not be read and was left out."""
        return self.training.damaged + self.validation.damaged


def divide(recipe: Recipe, dataset: Dataset) -> tuple[Dataset, tuple[Sample, ...], tuple[Sample, ...]]:
    """Chooses the recipe's classes and rows, and holds validation back: never what its start was trained on.

    Returns:
        The data set with the recipe's labels, the training part, the validation part.

    Raises:
        BadDataset: no such label, no rows, or one class.
        BadSplit: nothing can be held back, nothing is left to train on, or what is for validation was trained on.
        BadRun: the network starts from a run that is not there.
    """
    options, seen = recipe.data, seen_before(recipe, dataset)
    dataset = dataset.only(options.labels) if options.labels else dataset
    rows = without(dataset.select(options.split, options.kind), options.without_sources)
    if isinstance(options.validation, str):
        held = dataset.select(options.validation, options.kind)
        training, validation = apart(rows, [row for row in held if row.source not in options.without_sources], seen)
    else:
        training, validation = hold_back(rows, options.validation, options.seed, options.hold_out_sources, seen)
    if len(dataset.labels) < 2:
        raise BadDataset(dataset.folder, f"one class, {dataset.labels[0]}: there is nothing to tell apart")
    if options.images_per_class is not None:
        training = few(training, options.images_per_class, options.seed)
    return dataset, training, validation


def seen_before(recipe: Recipe, dataset: Dataset) -> frozenset[str]:
    """The groups of samples that the network was trained on which training starts from, and those of its teachers.

    A run wrote them down. Those of a bundle are what its recipe takes from this data set, if that is what it was made
    from; where it was another, none.

    Raises:
        BadRun, BadBundle: the network starts from, or learns from, what is not there.
    """
    earlier, seen = recipe.network.earlier, frozenset[str]()
    runs = list(recipe.distil.teachers) if recipe.distil else []
    if earlier is not None and is_bundle(earlier):
        seen = _seen_by_bundle(earlier, dataset)
    elif earlier is not None:
        runs.append(earlier)
    return seen.union(*(run_of(path).seen for path in runs))


def _seen_by_bundle(path: Path, dataset: Dataset) -> frozenset[str]:
    manifest = load(path).manifest
    try:
        theirs, known = parse(manifest.provenance.recipe, path), dataset.known_as(manifest.labels)
        if isinstance(theirs.data.validation, str):  # which this copy of the data may lack
            rows = known.select(theirs.data.split, theirs.data.kind)
            training = tuple(row for row in rows if row.source not in theirs.data.without_sources)
        else:
            network = theirs.network.model_copy(update={"weights": NONE})
            alone = theirs.model_copy(update={"network": network, "distil": None})
            _, training, _ = divide(alone, known)
    except (BadRecipe, BadDataset, BadSplit):
        return frozenset()
    return frozenset(sample.group for sample in training)


def decode_parts(recipe: Recipe, dataset: Dataset) -> Parts:
    """Divides the data set and decodes both parts; raises as `divide`, and BadDataset where too much is damaged."""
    dataset, training, validation = divide(recipe, dataset)
    around = reach(recipe.augment, recipe.input)
    decoded = (decode_all(dataset, part, recipe.data.unreadable, around) for part in (training, validation))
    return Parts(dataset.labels, *decoded)


def training_loader(recipe: Recipe, parts: Parts, world: int) -> tuple[TrainingLoader, int]:
    """The loader of augmented batches, and how many rounds of it make the recipe's epochs.

    Args:
        recipe: asks for epochs, batch size, balance and augmentation.
        parts: what is trained on.
        world: how many processes train together.
    """
    options, pictures, samples = recipe.fit, parts.training.pictures, parts.training.samples
    odds = weights = None
    if recipe.data.balance == "sampler":
        odds = balance_weights(samples, recipe.data.balance_by)
    elif recipe.data.balance == "weights":
        weights = label_weights(samples, recipe.data.balance_by, len(parts.labels))
    order = Order(len(pictures), options.batch_size, options.seed, world, odds)
    augmentation = Augmentation(recipe.augment, recipe.input, parts.labels)
    batches = TrainingBatches(pictures, augmentation, order, weights)
    rounds = max(round(options.epochs / options.validate_every), 1)
    steps = max(round(options.epochs * order.steps_a_pass / rounds), 1)
    return TrainingLoader(batches, steps, options.workers), rounds


def validation_loaders(recipe: Recipe, parts: Parts) -> list["DataLoader[Batch]"]:
    """The validation part, and some pictures that are trained on, to be measured in the same way.

    With an adversary also some of the former, to be attacked.
    """
    seen, held = parts.training.pictures, parts.validation.pictures
    measured = [held, _some(seen, min(len(held), SEEN), recipe.fit.seed)]
    if recipe.adversary is not None:
        measured.append(_some(held, recipe.adversary.pictures, recipe.data.seed))
    return [evaluation_loader(pictures, recipe.input, len(parts.labels)) for pictures in measured]


def _some(pictures: Sequence[Picture], n: int, seed: int) -> list[Picture]:
    return [pictures[row] for row in np.random.default_rng(seed).permutation(len(pictures))[:n]]


def start_network(recipe: Recipe, labels: Sequence[str]) -> Network:
    """Builds the recipe's network with the weights that it starts from.

    Raises:
        BadRecipe: there is no such network, it does not take an option, or pictures of this size are too small for it.
        BadWeights: the weights are missing or do not fit.
    """
    size = recipe.input.height, recipe.input.width
    network = build(recipe.network, len(labels), size)
    summarise(network, size)  # refuses what torch would only find in the first step
    if recipe.network.earlier is not None:
        start_from(network, recipe.network, labels)
    return network


def measure_normalisation(recipe: Recipe, parts: Parts, network: Network) -> None:
    """Puts statistics of the pictures that are trained on into the network: what the recipe asks for, or it lacks."""
    if recipe.network.normalisation != "own":
        measure(network, recipe.network.normalisation, crop_all(parts.training.pictures, recipe.input))
    if is_bundle(recipe.network.earlier):
        settle(network, crop_all(_some(parts.training.pictures, SEEN, recipe.fit.seed), recipe.input))
