"""Pascal VOC (Everingham et al. 2010): an XML file a picture.

ImageSets/Main/<split>.txt --name--> Annotations/<name>.xml --object--> box of JPEGImages/<name>.jpg
                           BadDataset (file and line)       BadDataset (file and object)

Without ImageSets everything is split `train`. Parts of objects are passed over.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree

from roadsight_models.regions import Box
from roadsight_training.datasets.boxes import Labelled, as_dataset, lines_of, shot_of
from roadsight_training.datasets.sample import Dataset, box_of
from roadsight_training.errors import BadDataset

SPLITS = ("train", "val", "test")
ROOTS = ("VOC*", "VOCdevkit/VOC*")  # years, side by side
CORNERS = ("xmin", "ymin", "xmax", "ymax")


def is_voc(folder: Path) -> bool:
    """Tells whether there are Annotations and JPEGImages, here or in folders of years."""
    return any(_years(folder))


def open_voc(folder: Path) -> Dataset:
    """Reads the annotations that the split files name.

    Args:
        folder: holds Annotations and JPEGImages, or folders of years (VOC2007, VOC2012) that do.

    Raises:
        BadDataset: a file that is missing or not XML, a box that can't be used, or no box at all; names the file.
    """
    return as_dataset(folder, (box for year in _years(folder) for box in _boxes(year)))


def _years(folder: Path) -> Sequence[Path]:
    places = [folder, *sorted(place for root in ROOTS for place in folder.glob(root))]
    return [place for place in places if (place / "Annotations").is_dir() and (place / "JPEGImages").is_dir()]


def _boxes(year: Path) -> Iterator[Labelled]:
    pictures = {path.stem: path for path in (year / "JPEGImages").iterdir()}
    for split, name, index, line in _names(year):
        annotation = year / "Annotations" / f"{name}.xml"
        if not annotation.is_file() or name not in pictures:
            raise BadDataset(index, f"no annotation or no picture of {name!r}", line)
        # A frame, or what exporters name alike: copies of one picture, frames of one video.
        group = f"{year.name}/{split}/{shot_of(name)}"
        for label, box in _objects(annotation):
            yield Labelled(pictures[name], label, box, split, group, year.name)


def _names(year: Path) -> Iterator[tuple[str, str, Path, int | None]]:
    """Split and name of each picture, and the file and line that name it."""
    files = {split: year / "ImageSets" / "Main" / f"{split}.txt" for split in SPLITS}
    if not any(path.is_file() for path in files.values()):
        yield from (("train", path.stem, path, None) for path in sorted((year / "Annotations").glob("*.xml")))
        return
    for split, path in files.items():
        lines = lines_of(path) if path.is_file() else []
        yield from ((split, name, path, number) for number, line in enumerate(lines, 1) if (name := line.strip()))


def _objects(path: Path) -> Iterator[tuple[str, Box]]:
    try:
        # ElementTree fetches no external entity, and expat (2.4.1 and later) stops entities that multiply.
        root = ElementTree.parse(path).getroot()
    except (ElementTree.ParseError, LookupError, ValueError) as error:  # the latter two: an encoding it does not know
        raise BadDataset(path, f"not XML: {error}") from error
    for number, found in enumerate(root.findall("object"), 1):
        label = (found.findtext("name") or "").strip()
        if not label:
            raise BadDataset(path, f"object {number} has no name")
        try:
            box = box_of([found.findtext(f"bndbox/{corner}") for corner in CORNERS])
        except ValueError as error:
            raise BadDataset(path, f"object {number}: {error}") from error
        # VOC counts pixels from 1 and includes the last.
        yield label, Box(box.x1 - 1, box.y1 - 1, box.x2, box.y2)
