"""Samples -> pixels, through the one decode and the one crop that the service uses.

Sample --read--> bytes --frame.decode--> pixels --preprocess.crop--> uint8 [h, w, 3]
                       BadDataset                 BadDataset
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from roadsight_models import frame, preprocess
from roadsight_models.errors import BadImage, BadRegion, TooLarge
from roadsight_models.frame import Pixels
from roadsight_models.manifest import CropRule
from roadsight_models.regions import Box, Region, whole, within
from roadsight_training.datasets.sample import Dataset, Sample
from roadsight_training.errors import BadDataset


@dataclass(frozen=True)
class Picture:
    """A decoded picture with its labelled box, clipped at the picture."""

    pixels: Pixels  # uint8 [H, W, 3] RGB
    box: Box
    index: int


def decode(dataset: Dataset, sample: Sample) -> Picture:
    """Decodes one picture.

    Raises:
        BadDataset: the file is no picture, or the box lies outside it; names the file.
    """
    try:
        pixels = frame.decode(dataset.read(sample)).pixels
        height, width, _ = pixels.shape
        region = whole(width, height) if sample.box is None else Region(sample.box)
        (inside,) = within((region,), width, height)
    except (BadImage, BadRegion, TooLarge) as error:
        raise BadDataset(dataset.folder / sample.path, str(error)) from error
    return Picture(pixels, inside.box, sample.index)


def crops(dataset: Dataset, samples: Sequence[Sample], rule: CropRule) -> Pixels:
    """Cuts every sample by the bundle's crop rule: uint8 [N, h, w, 3]. Boxes under `min_side` are cut, too."""
    out = np.empty((len(samples), rule.height, rule.width, 3), np.uint8)
    for row, sample in zip(out, samples, strict=True):
        picture = decode(dataset, sample)
        preprocess.crop(picture.pixels, picture.box, rule, out=row)
    return out
