"""The KITTI object benchmark (Geiger et al. 2012), left colour camera.

training/label_2/000123.txt --line--> box of training/image_2/000123.png (split train)
                            BadDataset (file and line)

The set for testing has no labels. `DontCare` marks regions that nobody labelled; they are no objects.
"""

from collections.abc import Iterator
from pathlib import Path

from roadsight_training.datasets.boxes import Labelled, as_dataset, lines_of, located
from roadsight_training.datasets.sample import Dataset, box_of
from roadsight_training.errors import BadDataset

ROOTS = ("training", "", "object/training", "kitti/training", "KITTI/training")
MAPPINGS = ("mapping", "devkit/mapping", "devkit_object/mapping")  # beside the folder `training`, or in it
UNLABELLED = "DontCare"
FIELDS = 15  # a result file has one more, the score


def is_kitti(folder: Path) -> bool:
    """Tells whether there are label_2 and image_2 here, in `training`, or a folder further down."""
    return _training(folder) is not None


def open_kitti(folder: Path) -> Dataset:
    """Reads the label files.

    Args:
        folder: the folder `training` or one above it.

    Raises:
        BadDataset: a line that can't be used, a picture that is missing, or no box at all; names file and line.
    """
    training = _training(folder)
    if training is None:
        raise BadDataset(folder, "no label_2 beside image_2")
    return as_dataset(folder, _boxes(training))


def _training(folder: Path) -> Path | None:
    return located(folder, ROOTS, lambda place: (place / "label_2").is_dir() and (place / "image_2").is_dir())


def _boxes(training: Path) -> Iterator[Labelled]:
    pictures = {path.stem: path for path in (training / "image_2").iterdir()}
    drives = _drives(training)
    for path in sorted((training / "label_2").glob("*.txt")):
        if path.stem not in pictures:
            raise BadDataset(path, f"no picture {path.stem!r} in {training / 'image_2'}")
        # Frames are shuffled and numbered anew; only the mapping of the development kit tells the drive.
        group = drives.get(path.stem, path.stem)
        for number, line in enumerate(lines_of(path), 1):
            fields = line.split()
            if not fields or fields[0] == UNLABELLED:
                continue
            if len(fields) < FIELDS:
                raise BadDataset(path, f"{len(fields)} fields; a label has {FIELDS}", number)
            try:
                box = box_of(fields[4:8])
            except ValueError as error:
                raise BadDataset(path, str(error), number) from error
            yield Labelled(pictures[path.stem], fields[0], box, "train", group, "kitti")


def _drives(training: Path) -> dict[str, str]:
    """Frame -> drive, from the development kit: entry i of train_rand.txt is the line (from 1) for frame i."""
    folder = next((place for root in (training.parent, training) if (place := located(root, MAPPINGS, _maps))), None)
    if folder is None:
        return {}
    lines = lines_of(folder / "train_mapping.txt")
    order = " ".join(lines_of(folder / "train_rand.txt")).replace(",", " ").split()
    try:
        return {f"{frame:06}": lines[int(line) - 1].split()[1] for frame, line in enumerate(order)}
    except (ValueError, IndexError) as error:
        raise BadDataset(folder / "train_mapping.txt", "does not go with train_rand.txt") from error


def _maps(folder: Path) -> bool:
    return (folder / "train_mapping.txt").is_file() and (folder / "train_rand.txt").is_file()
