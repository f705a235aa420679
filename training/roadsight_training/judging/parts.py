"""Which samples a split is, also for a bundle's own validation part.

manifest, Dataset, name of a split --samples_of--> Samples, and how many of them may be damaged
                                   BadDataset, BadSplit, BadRecipe
"""

from pathlib import Path

from roadsight_models.manifest import Manifest
from roadsight_training.datasets import Dataset, Sample
from roadsight_training.prepare import divide
from roadsight_training.recipe import parse
from roadsight_training.run import HELD_BACK


def samples_of(manifest: Manifest, dataset: Dataset, split: str) -> tuple[tuple[Sample, ...], float]:
    """Takes a split of the data set, or what the bundle's training held back of it.

    Args:
        manifest: of the bundle, whose recipe says what was held back.
        dataset: opened with the manifest's labels.
        split: any of the data set's, or `validation`.

    Returns:
        The samples, and the fraction of them that may be damaged.

    Raises:
        BadDataset: no such split.
        BadSplit, BadRecipe: see `divide`.
    """
    if split != HELD_BACK:
        return dataset.select(split), 0.0
    recipe = parse(manifest.provenance.recipe, Path(manifest.name))
    _, _, samples = divide(recipe, dataset)
    return samples, recipe.data.unreadable
