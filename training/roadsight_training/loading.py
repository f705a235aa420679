"""Decoded pictures -> batches for training and validation.

Pictures --Augmentation--> (uint8 [N, h, w, 3], int64 [N])     training: new every time
crops    ----------------> (uint8 [N, h, w, 3], int64 [N])     validation: the bundle's crop rule, always the same
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, TensorDataset
from torch.utils.data import Dataset as TorchDataset

from roadsight_training.datasets import Dataset, Sample
from roadsight_training.datasets.pictures import Picture, crops, decode
from roadsight_training.recipe import Recipe
from roadsight_training.transforms import Augmentation

VALIDATION_BATCH = 256

Batch = tuple[Tensor, Tensor]  # uint8 [N, h, w, 3], int64 [N]


class AugmentedBatches(TorchDataset[Batch]):
    """All pictures decoded in memory; an item is a whole augmented batch, because that is faster than one by one."""

    def __init__(self, pictures: Sequence[Picture], augmentation: Augmentation) -> None:
        self.pictures, self.augmentation = pictures, augmentation

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, rows: list[int]) -> Batch:
        chosen = [self.pictures[row] for row in rows]
        # Seeded from torch, whose generator the loader seeds for each worker.
        rng = np.random.default_rng(int(torch.randint(2**31, ())))
        return self.augmentation(chosen, rng), torch.tensor([picture.index for picture in chosen])


def training_loader(dataset: Dataset, samples: Sequence[Sample], recipe: Recipe) -> "DataLoader[Batch]":
    """Decodes the samples and shuffles them anew each epoch; a last batch that is not full is dropped.

    Raises:
        BadDataset: a picture can't be decoded; names it.
    """
    pictures = [decode(dataset, sample) for sample in samples]
    batches = AugmentedBatches(pictures, Augmentation(recipe.augment, recipe.input))
    size = min(recipe.fit.batch_size, len(pictures))
    sampler = BatchSampler(RandomSampler(range(len(pictures))), size, drop_last=True)
    workers = recipe.fit.workers
    return DataLoader(batches, batch_size=None, sampler=sampler, num_workers=workers, persistent_workers=workers > 0)


def validation_loader(dataset: Dataset, samples: Sequence[Sample], recipe: Recipe) -> "DataLoader[tuple[Tensor, ...]]":
    """Crops the samples by the bundle's rule.

    Raises:
        BadDataset: a picture can't be decoded; names it.
    """
    frames = torch.from_numpy(crops(dataset, samples, recipe.input))
    labels = torch.tensor([sample.index for sample in samples])
    return DataLoader(TensorDataset(frames, labels), batch_size=VALIDATION_BATCH)
