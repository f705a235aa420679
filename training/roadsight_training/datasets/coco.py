"""COCO boxes (Lin et al. 2014): COCO itself, and what exports to its form.

annotations/instances_<split>.json --annotation--> box of <split>/<file_name> or images/<split>/<file_name>
                                   BadDataset (file and entry)

The year in a split's name is dropped: train2017 is `train`. Crowds are no objects, and are left out.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import BaseModel, TypeAdapter

from roadsight_training.datasets.boxes import Labelled, as_dataset, parsed_json, shot_of
from roadsight_training.datasets.sample import Dataset, box_of
from roadsight_training.errors import BadDataset

PREFIX = "instances_"
PICTURES = ("{}", "images/{}", "images", "")  # where the pictures of a split may lie


class Image(BaseModel):
    """A picture."""

    id: int
    file_name: str


class Category(BaseModel):
    """A class."""

    id: int
    name: str


class Annotation(BaseModel):
    """An object; `bbox` is left, top, width and height in pixels."""

    image_id: int
    category_id: int
    bbox: tuple[float, float, float, float]
    iscrowd: int = 0


class Instances(BaseModel):
    """An annotation file."""

    images: list[Image]
    annotations: list[Annotation]
    categories: list[Category]


FORM = TypeAdapter(Instances)


def is_coco(folder: Path) -> bool:
    """Tells whether there is an annotation file."""
    return any(_files(folder))


def open_coco(folder: Path) -> Dataset:
    """Reads the annotation files of all splits of which there are pictures.

    Args:
        folder: holds `annotations` and the folders of pictures.

    Raises:
        BadDataset: not the form of COCO, an entry that can't be used, a picture that is missing, or no box at all.
    """
    boxes: list[Labelled] = []
    own: dict[str, None] = {}
    files = [(path, parsed_json(path, FORM)) for path in _files(folder)]
    there = [(path, instances) for path, instances in files if _downloaded(folder, path, instances)]
    for path, instances in there or files[:1]:
        names = {category.id: category.name for category in sorted(instances.categories, key=lambda c: c.id)}
        own |= dict.fromkeys(names.values())
        boxes += _boxes(folder, path, instances, names)
    return as_dataset(folder, boxes, tuple(own))


def _files(folder: Path) -> Sequence[Path]:
    return sorted((folder / "annotations").glob(f"{PREFIX}*.json"))


def _places(folder: Path, path: Path) -> list[Path]:
    return [folder / place.format(path.stem.removeprefix(PREFIX)) for place in PICTURES]


def _downloaded(folder: Path, path: Path, instances: Instances) -> bool:
    """Tells whether any picture is there; the annotations of all splits come in one archive, the pictures do not."""
    places = _places(folder, path)
    return any((place / image.file_name).is_file() for image in instances.images for place in places)


def _boxes(folder: Path, path: Path, instances: Instances, names: dict[int, str]) -> Iterator[Labelled]:
    part = path.stem.removeprefix(PREFIX)
    split = part.rstrip("0123456789") or part
    places = _places(folder, path)
    # What must not be divided is a frame, or what exporters name alike: copies of one picture, frames of one video.
    pictures: dict[int, tuple[Path, str]] = {}
    for image in instances.images:
        found = next((place / image.file_name for place in places if (place / image.file_name).is_file()), None)
        if found is None:
            raise BadDataset(path, f"no picture {image.file_name!r} in {places[0]} or {places[1]}")
        pictures[image.id] = found, f"{split}/{shot_of(found.stem)}"
    entries = sorted(enumerate(instances.annotations), key=lambda entry: entry[1].image_id)
    for number, annotation in entries:
        left, top, width, height = annotation.bbox
        # COCO 2017 itself has boxes without height.
        if annotation.iscrowd or 0 in (width, height):
            continue
        try:
            box = box_of([left, top, left + width, top + height])
            (picture, group), name = pictures[annotation.image_id], names[annotation.category_id]
        except ValueError as error:
            raise BadDataset(path, f"annotations.{number}: {error}") from error
        except KeyError as error:
            raise BadDataset(path, f"annotations.{number}: no image or category of id {error}") from error
        yield Labelled(picture, name, box, split, group, folder.name)
