"""The official GTSRB layout, as the institute publishes it and as torchvision leaves it.

Training/000NN/GT-000NN.csv  --row--> Sample (split train) --read--> bytes of a .ppm
Final_Test/GT-final_test.csv --row--> Sample (split test)
                             BadDataset (file and line)
"""

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from roadsight_models.regions import Box
from roadsight_training.datasets import gtsrb
from roadsight_training.datasets.sample import Dataset, Sample, box_of
from roadsight_training.errors import BadDataset

ROOTS = ("", "GTSRB", "gtsrb/GTSRB")  # the set's own folder, one above it, torchvision's root
TRAINING = ("Training", "Final_Training/Images")
TEST = "Final_Test/Images"
TEST_INDEX = "GT-final_test.csv"
BOX = ("Roi.X1", "Roi.Y1", "Roi.X2", "Roi.Y2")


def is_official(folder: Path) -> bool:
    """Tells whether the folder holds the official training or test set."""
    return _training(folder) is not None or _test(folder) is not None


def open_official(folder: Path) -> Dataset:
    """Reads the annotation files; one split may be absent.

    Args:
        folder: the set's own folder, or one or two above it.

    Raises:
        BadDataset: an annotation or picture is missing, or a row can't be used; names file and line.
    """
    samples: list[Sample] = []
    if training := _training(folder):
        for group in sorted(child for child in training.iterdir() if child.is_dir()):
            samples += _rows(group / f"GT-{group.name}.csv", group, "train")
    if test := _test(folder):
        places = (test, test.parent, test.parent.parent, test.parent.parent.parent)
        index = next((place / TEST_INDEX for place in places if (place / TEST_INDEX).is_file()), None)
        if index is None:
            raise BadDataset(test, f"no {TEST_INDEX} in this folder or the three above it")
        samples += _rows(index, test, "test")
    samples = [replace(sample, path=Path(sample.path).relative_to(folder).as_posix()) for sample in samples]
    return Dataset(folder, gtsrb.LABELS, tuple(samples), lambda sample: (folder / sample.path).read_bytes())


def _training(folder: Path) -> Path | None:
    places = (folder / root / name for root in ROOTS for name in TRAINING)
    return next((place for place in places if any(place.glob("[0-9]*/GT-*.csv"))), None)


def _test(folder: Path) -> Path | None:
    places = (folder / root / TEST for root in ROOTS)
    return next((place for place in places if place.is_dir()), None)


def _rows(index: Path, folder: Path, split: str) -> Iterator[Sample]:
    if not index.is_file():
        raise BadDataset(index, "no such file")
    with index.open(newline="", encoding="utf-8") as lines:
        reader = csv.DictReader(lines, delimiter=";")
        if missing := [name for name in ("Filename", "ClassId", *BOX) if name not in (reader.fieldnames or ())]:
            raise BadDataset(index, f"lacks the column {', '.join(missing)}", line=1)
        there = {path.name for path in folder.iterdir()}
        for row in reader:
            if row["Filename"] not in there:
                raise BadDataset(index, f"no picture {row['Filename']!r} in {folder}", reader.line_num)
            try:
                class_id, box = _numbers(row)
            except (TypeError, ValueError) as error:
                raise BadDataset(index, str(error), reader.line_num) from error
            yield _sample(folder / row["Filename"], class_id, box, split)


def _numbers(row: dict[str, str]) -> tuple[int, Box]:
    """Reads class and box of a row; a ValueError or TypeError says what is wrong with them."""
    class_id, box = int(row["ClassId"]), box_of([row[name] for name in BOX])
    if not 0 <= class_id < len(gtsrb.LABELS):
        raise ValueError(f"ClassId {class_id} is not one of 0..{len(gtsrb.LABELS) - 1}")
    return class_id, box


def _sample(path: Path, class_id: int, box: Box, split: str) -> Sample:
    name = path.stem
    # 00005_00012.ppm is frame 12 of track 5 of its class; the test set's names (00017.ppm) tell no track.
    group = f"{split}/{class_id}/{name.split('_')[0]}"
    image = f"{split}/{class_id}/{name}"
    return Sample(str(path), class_id, box, split, "full", image, group, "gtsrb")
