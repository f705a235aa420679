"""YOLO boxes, as Ultralytics reads them and Roboflow exports them.

data.yaml --names, folders--> pictures --labels/<name>.txt, picture's size--> boxes in pixels
          BadDataset                   BadDataset (file and line)

A line is a class's number and centre, width and height in fractions of the picture, or an outline of three points and
more, whose box is taken. A picture without a label file shows nothing. A split folder that is missing is passed over.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from roadsight_models.errors import BadImage
from roadsight_models.headers import probe
from roadsight_models.regions import Box
from roadsight_training.datasets.boxes import Labelled, as_dataset, lines_of, shot_of, told
from roadsight_training.datasets.folders import SUFFIXES
from roadsight_training.datasets.sample import Dataset, box_of
from roadsight_training.errors import BadDataset

INDEX = "data.yaml"
HEAD = 65_536  # bytes that hold the size of most pictures
SLACK = 0.01  # fraction of the picture that rounding may carry a box beyond it


class Index(BaseModel):
    """`data.yaml`; each split is a folder, or a text file of pictures, or a list of these."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    names: list[str] | dict[int, str]
    path: str | None = None
    train: str | list[str] | None = None
    val: str | list[str] | None = None
    test: str | list[str] | None = None


def is_yolo(folder: Path) -> bool:
    """Tells whether there is a data.yaml."""
    return (folder / INDEX).is_file()


def open_yolo(folder: Path) -> Dataset:
    """Reads the label files, and the size of each picture.

    Args:
        folder: holds data.yaml.

    Raises:
        BadDataset: data.yaml is not understood, a line can't be used, or there is no box; names file and line.
    """
    import yaml  # noqa: PLC0415 (of the training extra, and every command imports this module)

    path = folder / INDEX
    try:
        index = Index.model_validate(yaml.safe_load(path.read_bytes()))
    except yaml.YAMLError as error:
        raise BadDataset(path, f"not YAML: {error}") from error
    except ValidationError as error:
        raise BadDataset(path, told(error)) from error
    names = dict(sorted(index.names.items())) if isinstance(index.names, dict) else dict(enumerate(index.names))
    splits = {"train": index.train, "val": index.val, "test": index.test}
    places = [
        (split, place)
        for split, named in splits.items()
        for name in ([named] if isinstance(named, str) else named or ())
        if (place := _place(folder, index.path or "", name))
    ]
    if not places:
        raise BadDataset(path, "nothing is there of what train, val and test name")
    pictures = ((split, picture) for split, place in places for picture in _pictures(place))
    boxes = (box for split, picture in pictures for box in _boxes(picture, split, names, folder.name))
    return as_dataset(folder, boxes, tuple(names.values()))


def _place(folder: Path, root: str, name: str) -> Path | None:
    """Where a split is: below `path`, else beside data.yaml. Roboflow writes ../train/images and means train/images."""
    bases = (folder / root, folder)
    places = [Path(os.path.normpath(base / part)) for part in (name, name.removeprefix("../")) for base in bases]
    return next((place for place in places if place.exists()), None)


def _pictures(place: Path) -> Sequence[Path]:
    if place.is_file():
        return [Path(os.path.normpath(place.parent / line.strip())) for line in lines_of(place) if line.strip()]
    return sorted(path for path in place.rglob("*") if path.suffix.lower() in SUFFIXES)


def _boxes(picture: Path, split: str, names: dict[int, str], source: str) -> Iterator[Labelled]:
    path = _labels(picture)
    if not path.is_file():
        return
    size = _size(picture)
    # A frame, or what Roboflow names alike: copies of one picture, frames of one video.
    group = f"{split}/{shot_of(picture.stem)}"
    for number, line in enumerate(lines_of(path), 1):
        if not line.strip():
            continue
        try:
            kind, *numbers = (float(word) for word in line.split())
            box = _box(numbers, size)
        except ValueError as error:
            raise BadDataset(path, str(error), number) from error
        if kind not in names:
            raise BadDataset(path, f"class {kind:g} is not in {INDEX}", number)
        yield Labelled(picture, names[int(kind)], box, split, group, source)


def _labels(picture: Path) -> Path:
    """The label file: the last folder `images` of the path becomes `labels`; without one it lies beside the picture."""
    parts = list(picture.parts[:-1])
    if "images" in parts:
        parts[len(parts) - 1 - parts[::-1].index("images")] = "labels"
    return Path(*parts, f"{picture.stem}.txt")


def _box(numbers: Sequence[float], size: tuple[int, int] | None) -> Box | None:
    if len(numbers) != 4 and (len(numbers) < 6 or len(numbers) % 2):
        raise ValueError(f"{len(numbers)} numbers after the class; 4 are expected, or an outline of 3 points and more")
    if not all(-SLACK <= number <= 1 + SLACK for number in numbers):
        raise ValueError(f"the box {list(numbers)} is not in fractions of the picture")
    if len(numbers) == 4:
        x, y, w, h = numbers
        corners = x - w / 2, y - h / 2, x + w / 2, y + h / 2
    else:
        xs, ys = numbers[::2], numbers[1::2]
        corners = min(xs), min(ys), max(xs), max(ys)
    box = box_of(corners)
    return Box(box.x1 * size[0], box.y1 * size[1], box.x2 * size[0], box.y2 * size[1]) if size else None


def _size(picture: Path) -> tuple[int, int] | None:
    """Width and height by the picture's header; None if it can't be read, and then the decode will fail, too."""
    for amount in (HEAD, -1):
        try:
            with picture.open("rb") as file:
                header = probe(file.read(amount))
            return header.width, header.height
        except (BadImage, OSError):
            continue
    return None
