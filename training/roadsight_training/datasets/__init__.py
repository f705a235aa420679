"""Folders of labelled pictures, in any of three layouts, as one kind of record.

folder --open_dataset--> Dataset --select--> Samples --pixels--> uint8 crops or whole pictures
       BadDataset                BadDataset          BadDataset
"""

from pathlib import Path

from roadsight_training.datasets.folders import is_folders, open_folders
from roadsight_training.datasets.official import is_official, open_official
from roadsight_training.datasets.packed import is_packed, open_packed
from roadsight_training.datasets.sample import Dataset, Kind, Sample, hold_back
from roadsight_training.errors import BadDataset

__all__ = ["Dataset", "Kind", "Sample", "hold_back", "open_dataset"]

LAYOUTS = ((is_packed, open_packed), (is_official, open_official), (is_folders, open_folders))


def open_dataset(folder: Path, labels: tuple[str, ...] | None = None) -> Dataset:
    """Opens a data set; tells its layout by looking.

    Args:
        folder: packed form, official GTSRB layout, or a folder per class.
        labels: the order of the labels that the indices shall refer to; by default the data set's own.

    Raises:
        BadDataset: none of the layouts, or a row that can't be used; names file and line.
    """
    if not folder.is_dir():
        raise BadDataset(folder, "no such folder")
    for looks_like, open_layout in LAYOUTS:
        if looks_like(folder):
            return open_layout(folder, labels)
    raise BadDataset(
        folder,
        "no data set here; looked for <name>.csv beside images.zip (packed form), Training/000NN/GT-000NN.csv or "
        "Final_Test/Images (official GTSRB), and <label>/*.png or <split>/<label>/*.png (a folder per class)",
    )
