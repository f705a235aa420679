"""What all layouts of frames with boxes share: how a class, a shot and a Sample are named.

annotations --each layout--> Labelled boxes --as_dataset--> Dataset
BadDataset                      BadDataset
"""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import NamedTuple, TypeVar

from pydantic import TypeAdapter, ValidationError

from roadsight_models.regions import Box
from roadsight_training.datasets.sample import Dataset, Sample
from roadsight_training.errors import BadDataset

ROBOFLOW = re.compile(r"(.+)_(?:jpe?g|png|webp|bmp)\.rf\.\w+")  # what one picture's augmented copies are called
VIDEO = re.compile(r"(.+_(?:mp4|mov|avi|mkv))-\d+")  # and, in the same exports, the frames of one video

T = TypeVar("T")


class Labelled(NamedTuple):
    """A box of a frame, as a layout states it."""

    picture: Path
    label: str  # as published
    box: Box | None  # None: the picture's size can't be read, and so it will not be decoded either
    split: str
    group: str
    source: str


def as_dataset(folder: Path, boxes: Iterable[Labelled], own: Sequence[str] = ()) -> Dataset:
    """Makes a sample of each box.

    Args:
        folder: of the data set.
        boxes: those of one frame together.
        own: the layout's list of labels as published; without one, those of the boxes, sorted.

    Raises:
        BadDataset: there is no box.
    """
    found = list(boxes)
    published = own or sorted({box.label for box in found})
    labels = tuple(dict.fromkeys(label_of(name) for name in published))
    index = {label: number for number, label in enumerate(labels)}
    samples = []
    for picture, boxes_of_it in groupby(found, key=lambda box: box.picture):
        path = picture.relative_to(folder).as_posix() if picture.is_relative_to(folder) else str(picture)
        for number, (_, name, box, split, group, source) in enumerate(boxes_of_it, 1):
            image = f"{path}#{number}"
            samples.append(Sample(path, index[label_of(name)], box, split, "full", image, group, source))
    if not samples:
        raise BadDataset(folder, "no box in any of its label files")
    return Dataset(folder, labels, tuple(samples), lambda sample: (folder / sample.path).read_bytes())


@cache
def label_of(name: str) -> str:
    """A class's name in snake case: `Traffic Light`, `traffic-light` and `TrafficLight` are `traffic_light`."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[\W_]+", "_", spaced).strip("_").lower() or name


def shot_of(stem: str) -> str:
    """What the name of a picture shares with those that it must not be parted from, as Roboflow exports name them."""
    for copies in (ROBOFLOW, VIDEO):
        if told := copies.fullmatch(stem):
            stem = told[1]
    return stem


def located(folder: Path, roots: Sequence[str], holds: Callable[[Path], bool]) -> Path | None:
    """The first of the folder and the `roots` below it that holds the layout."""
    return next((place for root in roots if (place := folder / root).is_dir() and holds(place)), None)


def lines_of(path: Path) -> list[str]:
    """The lines of a text file; a byte that is no UTF-8 becomes a mark that no number has."""
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


def parsed_json(path: Path, form: TypeAdapter[T]) -> T:
    """Reads a JSON file of a known form; raises BadDataset with the entry that has another."""
    try:
        return form.validate_json(path.read_bytes())
    except ValidationError as error:
        raise BadDataset(path, told(error)) from error


def told(error: ValidationError) -> str:
    """The first fault that pydantic found, and where."""
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{where}: {first['msg']}" if where else first["msg"]
