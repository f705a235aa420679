"""A plain folder per class: DIR/<label>/*.png, or DIR/<split>/<label>/*.png.

    folder --open--> Sample a picture --read--> bytes
           BadDataset

The box is the whole picture. Without split folders everything is split `train`. Names such as 00005_00012.png tell the
track; other pictures are taken for independent.
"""

import re
from pathlib import Path

from roadsight_training.datasets.sample import Dataset, Sample

TRACK = re.compile(r"(\d+)_\d+\.")  # 00005_00012.png is frame 12 of track 5 of its class, as GTSRB names it
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".ppm"})


def is_folders(folder: Path) -> bool:
    """Tells whether there are pictures one or two folders down."""
    return any(_pictures(child) for child in _children(folder)) or _has_splits(folder)


def open_folders(folder: Path) -> Dataset:
    """Lists the pictures; reads none.

    Args:
        folder: holds a folder per class, or a folder per split with these.
    """
    splits = _children(folder) if _has_splits(folder) else [folder]
    classes = [(split, child) for split in splits for child in _children(split) if _pictures(child)]
    labels = tuple(sorted({child.name for _, child in classes}))
    samples = []
    for split, child in classes:
        name = "train" if split == folder else split.name
        index = labels.index(child.name)
        for path in _pictures(child):
            shot = path.relative_to(folder).as_posix()
            track = TRACK.match(path.name)
            group = f"{child.name}/{track[1]}" if track else shot
            samples.append(Sample(shot, index, None, name, "full", shot, group, folder.name))
    return Dataset(folder, labels, tuple(samples), lambda sample: (folder / sample.path).read_bytes())


def _has_splits(folder: Path) -> bool:
    return any(_pictures(child) for split in _children(folder) for child in _children(split))


def _children(folder: Path) -> list[Path]:
    return sorted(child for child in folder.iterdir() if child.is_dir())


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
