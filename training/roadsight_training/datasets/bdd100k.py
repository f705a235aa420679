"""BDD100K (Yu et al. 2020), detection labels as published in 2020 (det_20) and in 2018.

labels/det_20/det_{train,val}.json --frame--> boxes of images/100k/{train,val}/<name>
                                   BadDataset (file and entry)

Lanes and drivable areas, which stand in the labels of 2018, have no box and are passed over.
"""

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, TypeAdapter

from roadsight_training.datasets.boxes import Labelled, as_dataset, parsed_json
from roadsight_training.datasets.sample import Dataset, box_of
from roadsight_training.errors import BadDataset

SPLITS = ("train", "val")  # the labels of the set for testing are not published
ROOTS = ("", "bdd100k")
FILES = ("labels/det_20/det_{}.json", "labels/bdd100k_labels_images_{}.json", "bdd100k_labels_images_{}.json")


class Corners(BaseModel):
    """`box2d`: in pixels."""

    x1: float
    y1: float
    x2: float
    y2: float


class Label(BaseModel):
    """An object, or with no box a lane or an area."""

    category: str
    box2d: Corners | None = None


class Frame(BaseModel):
    """A picture and its labels; det_20 leaves them out where there are none."""

    name: str
    labels: list[Label] | None = None


FRAMES = TypeAdapter(list[Frame])


def is_bdd100k(folder: Path) -> bool:
    """Tells whether a label file is there."""
    return any(_labels(folder, split) for split in SPLITS)


def open_bdd100k(folder: Path) -> Dataset:
    """Reads the label files; a split may lack its labels or its folder of pictures, and is left out.

    Args:
        folder: holds `labels` and `images`, or `bdd100k` with these.

    Raises:
        BadDataset: not the form of a label file, a box that can't be used, a picture that is missing, or no box at all.
    """
    labelled = [(split, path) for split in SPLITS if (path := _labels(folder, split))]
    found = [(split, path, images) for split, path in labelled if (images := _images(folder, split))]
    if not found:
        raise BadDataset(folder, f"{labelled[0][1].name} is there, but no folder images/100k/{labelled[0][0]}")
    return as_dataset(folder, (box for split, path, images in found for box in _boxes(split, path, images)))


def _labels(folder: Path, split: str) -> Path | None:
    places = (folder / root / name.format(split) for root in ROOTS for name in FILES)
    return next((place for place in places if place.is_file()), None)


def _images(folder: Path, split: str) -> Path | None:
    return next((place for root in ROOTS if (place := folder / root / "images" / "100k" / split).is_dir()), None)


def _boxes(split: str, path: Path, images: Path) -> Iterator[Labelled]:
    there = {picture.name for picture in images.iterdir()}
    for frame in parsed_json(path, FRAMES):
        boxes = [
            (number, label.category, label.box2d) for number, label in enumerate(frame.labels or ()) if label.box2d
        ]
        if boxes and frame.name not in there:
            raise BadDataset(path, f"no picture {frame.name!r} in {images}")
        # b1c66a42-6f7d68ca.jpg: clips of one ride share the first part.
        group = f"{split}/{frame.name.split('-')[0]}"
        for number, name, corners in boxes:
            try:
                box = box_of([corners.x1, corners.y1, corners.x2, corners.y2])
            except ValueError as error:
                raise BadDataset(path, f"{frame.name}, labels.{number}: {error}") from error
            yield Labelled(images / frame.name, name, box, split, group, "bdd100k")
