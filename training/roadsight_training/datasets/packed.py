"""The packed form: a folder with one CSV beside images.zip.

    <name>.csv --row--> Sample --read--> bytes of a member of images.zip
               BadDataset (file and line)

Needed columns: path, split, class_id or label, and the box as roi_x1..roi_y2 or box_x1..box_y2. Used where present:
kind, track and frame, group, source; and orig_box_w and orig_box_h, or width and orig_width, which tell how large the
object was before the picture was reduced. Splits and sources are free strings.
"""

import csv
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from roadsight_models.regions import Box
from roadsight_training.datasets import gtsrb
from roadsight_training.datasets.sample import Dataset, Sample, box_of
from roadsight_training.errors import BadDataset

ARCHIVE = "images.zip"
CORNERS = ("x1", "y1", "x2", "y2")


def is_packed(folder: Path) -> bool:
    """Tells whether the folder has a CSV beside images.zip."""
    return (folder / ARCHIVE).is_file() and any(folder.glob("*.csv"))


def open_packed(folder: Path) -> Dataset:
    """Reads the index; pictures stay in the archive.

    Args:
        folder: holds one CSV and images.zip.

    Raises:
        BadDataset: more than one CSV, a column missing, or a row that can't be used; names file and line.
    """
    index, *others = sorted(folder.glob("*.csv"))
    if others:
        raise BadDataset(folder, f"one CSV is expected beside {ARCHIVE}; there are {index.name} and {others[0].name}")
    try:
        archive = zipfile.ZipFile(folder / ARCHIVE)
    except zipfile.BadZipFile as error:
        raise BadDataset(folder / ARCHIVE, "not a zip archive") from error
    try:
        with index.open(newline="", encoding="utf-8-sig") as lines:
            reader = csv.DictReader(lines)
            columns = frozenset(reader.fieldnames or ())
            rows = [(reader.line_num, row) for row in reader]
    except UnicodeDecodeError as error:
        raise BadDataset(index, f"not UTF-8: {error}") from error
    table = _Table(index, columns, frozenset(archive.namelist()), [row for _, row in rows])
    samples = tuple(table.sample(line, row) for line, row in rows)
    return Dataset(folder, table.labels, samples, lambda sample: archive.read(sample.path))


class _Table:
    """The columns of one CSV, and how its rows are read."""

    def __init__(
        self,
        path: Path,
        columns: frozenset[str],
        members: frozenset[str],
        rows: list[dict[str, str]],
    ) -> None:
        self.path, self.columns, self.members = path, columns, members
        self.box = next((p for p in ("roi", "box") if {f"{p}_{c}" for c in CORNERS} <= columns), None)
        named = {"path": "path" in columns, "split": "split" in columns}
        named |= {
            "class_id or label": bool({"class_id", "label"} & columns),
            "roi_x1..roi_y2 or box_x1..box_y2": bool(self.box),
        }
        if missing := [name for name, there in named.items() if not there]:
            raise BadDataset(path, f"lacks the column {', '.join(missing)}", line=1)
        self.by_name = "class_id" not in columns
        self.labels = self._own_labels(rows)

    def _own_labels(self, rows: list[dict[str, str]]) -> tuple[str, ...]:
        """The data set's own order of labels: by name; by class_id where both are there; GTSRB's where only that is."""
        if self.by_name:
            return tuple(sorted({row["label"] or "" for row in rows}))
        if "label" not in self.columns:
            return gtsrb.LABELS
        pairs = sorted({((row["class_id"] or "").zfill(9), row["label"] or "") for row in rows})
        if [int(number) for number, _ in pairs if number.isdecimal()] != list(range(len(pairs))):
            raise BadDataset(self.path, "class_id and label do not name the same classes, 0 to K-1")
        return tuple(label for _, label in pairs)

    def sample(self, line: int, row: Mapping[str, str]) -> Sample:
        if None in row.values() or None in row:
            raise BadDataset(self.path, "has not as many fields as the header", line)
        path, kind = row["path"], row.get("kind") or "full"
        if path not in self.members:
            raise BadDataset(self.path, f"{ARCHIVE} has no member {path!r}", line)
        index = self._index(line, row)
        box = self._box(line, row)
        image = _image(row, kind if "kind" in self.columns else None, index, box)
        return Sample(
            path=path,
            index=index,
            box=box,
            split=row["split"],
            kind=kind,
            image=image,
            group=self._group(row, index) or image,
            source=row.get("source") or self.path.stem,
            side=self._side(line, row, box),
        )

    def _index(self, line: int, row: Mapping[str, str]) -> int:
        if self.by_name:
            return self.labels.index(row["label"])
        if not row["class_id"].isdecimal() or int(row["class_id"]) >= len(self.labels):
            raise BadDataset(self.path, f"class_id {row['class_id']!r} is not one of 0..{len(self.labels) - 1}", line)
        return int(row["class_id"])

    def _box(self, line: int, row: Mapping[str, str]) -> Box:
        try:
            return box_of([row[f"{self.box}_{corner}"] for corner in CORNERS])
        except ValueError as error:
            raise BadDataset(self.path, str(error), line) from error

    def _side(self, line: int, row: Mapping[str, str], box: Box) -> float | None:
        """The box's shorter side before the picture was reduced, where columns tell it."""
        try:
            if row.get("orig_box_w") and row.get("orig_box_h"):
                return box_of([0, 0, row["orig_box_w"], row["orig_box_h"]]).shorter_side
            # A roi is a part of the picture that orig_width measures, so the two widths tell no scale.
            if row.get("orig_width") and row.get("width") and row.get("kind") != "roi":
                return box.shorter_side * float(row["orig_width"]) / float(row["width"])
        except (ValueError, ZeroDivisionError) as error:
            raise BadDataset(self.path, f"the original size is not told: {error}", line) from error
        return None

    def _group(self, row: Mapping[str, str], index: int) -> str:
        return row.get("group") or (f"{index}/{row['track']}" if row.get("track") else "")


def _image(row: Mapping[str, str], kind: str | None, index: int, box: Box) -> str:
    """Names what was shot: by source, class, track and frame where they are known, else by path and box.

    Where one object is stored in several kinds, these have one name: the path, less what tells of the kind.
    """
    if row.get("track") and row.get("frame"):
        return "/".join(filter(None, (row.get("source"), str(index), row["track"], row["frame"])))
    if kind is None:
        return f"{row['path']} {box}"
    return "/".join(part for part in PurePosixPath(row["path"]).with_suffix("").parts if part != kind)
