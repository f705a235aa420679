"""Tiny data sets in each layout, written by the tests themselves; the pictures are drawn shapes, one per class."""

import csv
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml

from pictures import encoded
from roadsight_models.frame import Pixels

Row = dict[str, object]

SIDE = 24
HEAD = "Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId"
COLOURS = ((230, 30, 30), (40, 60, 230), (240, 220, 60))
RECIPE: dict[str, Any] = {
    "name": "tiny",
    "task": "tiny",
    "licence": "drawn by the tests",
    "data": {"citation": "drawn shapes", "validation": 0.3},
    "input": {"width": 16, "height": 16, "context": 0.0, "resize": "area_or_linear", "min_side": 8},
    "network": {"name": "mlp", "hidden": [16], "dropout": 0.0},
    "fit": {"epochs": 2, "batch_size": 16, "learning_rate": 0.003, "average_decay": 0.5, "workers": 0},
}


def shape(index: int, seed: int = 0) -> Pixels:
    """A coloured disc, square or ring on noise: uint8 [24, 24, 3] RGB, 3 pixels from the sides."""
    pixels = np.random.default_rng(seed).integers(0, 90, (SIDE, SIDE, 3), np.uint8)
    if index % 3 == 1:
        cv2.rectangle(pixels, (3, 3), (20, 20), COLOURS[1], -1)
    else:
        cv2.circle(pixels, (12, 12), 8, COLOURS[index % 3], -1 if index % 3 == 0 else 3)
    return pixels


def gtsrb_row(index: int, track: int, frame: int, split: str = "train", kind: str = "full") -> Row:
    """A row of the packed form as it is published."""
    path = f"{split}/{kind}/{index:05d}/{track:05d}_{frame:05d}.{'webp' if kind == 'full32' else 'png'}"
    box = {"roi_x1": 3, "roi_y1": 3.0, "roi_x2": 21, "roi_y2": 20.6}
    return {"path": path, "class_id": index, "track": track, "frame": frame, "split": split, "kind": kind, **box}


def minimal(row: Row, *more: str) -> Row:
    """The row with the columns that are always needed, and `more`."""
    return {name: row[name] for name in ("path", "class_id", "split", *more, "roi_x1", "roi_y1", "roi_x2", "roi_y2")}


def packed(folder: Path, rows: Sequence[Row], absent: Sequence[str] = ()) -> Path:
    """Writes a CSV with the rows beside images.zip, which lacks the members named in `absent`."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "signs.csv").open("w", newline="") as lines:
        writer = csv.DictWriter(lines, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    with zipfile.ZipFile(folder / "images.zip", "w") as archive:
        for seed, row in enumerate(rows):
            path, index = Path(str(row["path"])), row.get("class_id", 0)
            if str(path) not in (*absent, *archive.namelist()):
                picture = shape(index if isinstance(index, int) else 0, seed)
                archive.writestr(str(path), encoded(picture, path.suffix))
    return folder


def learnable(folder: Path) -> Path:
    """A packed set of three classes with three tracks of eight frames to train on, and one track of four to test on."""
    rows = [gtsrb_row(i, track, frame) for i in range(3) for track in range(3) for frame in range(8)]
    rows += [gtsrb_row(i, 9, frame, split="test") for i in range(3) for frame in range(4)]
    return packed(folder, rows)


def asked(**parts: str | Mapping[str, object]) -> dict[str, Any]:
    """The recipe of a small fully connected network on 16x16 pixels, with these options of its parts changed.

    None takes an option away, so that its default holds; a network with a name has the options given here alone.
    """
    changed: dict[str, Any] = {}
    for name, options in parts.items():
        if isinstance(options, str):
            changed[name] = options
            continue
        # The options of RECIPE's network are for an mlp; others refuse some of them.
        kept = {} if name == "network" and "name" in options else RECIPE.get(name, {})
        changed[name] = {key: value for key, value in {**kept, **options}.items() if value is not None}
    return {**RECIPE, **changed}


def recipe(path: Path, **parts: str | Mapping[str, object]) -> Path:
    """Writes the recipe that is asked for."""
    path.write_text(yaml.safe_dump(asked(**parts)))
    return path


def official(folder: Path, index_at: str = "Final_Test/Images", training: str = "Training") -> Path:
    """Writes the official GTSRB layout: three classes of two tracks of two frames, and a test set of three."""
    for index in range(3):
        group = folder / training / f"{index:05d}"
        group.mkdir(parents=True)
        names = [f"{track:05d}_{frame:05d}.ppm" for track in range(2) for frame in range(2)]
        for seed, name in enumerate(names):
            (group / name).write_bytes(encoded(shape(index, seed), ".ppm"))
        rows = [f"{name};24;24;3;3;21;21;{index}" for name in names]
        (group / f"GT-{index:05d}.csv").write_text("\n".join([HEAD, *rows]) + "\n")
    images = folder / "Final_Test" / "Images"
    images.mkdir(parents=True)
    for index in range(3):
        (images / f"{index:05d}.ppm").write_bytes(encoded(shape(index, 99), ".ppm"))
    rows = [f"{index:05d}.ppm;24;24;3;3;21;21;{index}" for index in range(3)]
    (folder / index_at / "GT-final_test.csv").write_text("\n".join([HEAD, *rows]) + "\n")
    return folder


def per_class(folder: Path, *splits: str) -> Path:
    """Writes a folder per class with two pictures each, under each split or without any."""
    for split in splits or ("",):
        for index, label in enumerate(("disc", "square", "ring")):
            place = folder / split / label
            place.mkdir(parents=True)
            for seed, suffix in enumerate((".png", ".jpg")):
                (place / f"{seed}{suffix}").write_bytes(encoded(shape(index, seed), suffix))
    return folder
