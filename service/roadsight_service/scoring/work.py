"""The work, in units that are done by themselves, by this process or another.

paths --plan--> Units that are left --parts--> a Tally of each part that was added
      BadParameter
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from pathlib import Path

from roadsight_models.errors import BadImage
from roadsight_service.scoring import bag, video
from roadsight_service.scoring.boxes import Boxes
from roadsight_service.scoring.output import Output
from roadsight_service.scoring.recorded import BAGS, Recorded, find, named
from roadsight_service.scoring.scorer import Scorer
from roadsight_service.scoring.table import Row

CHUNK = 256  # frames of a part: as much is done again where a run was stopped
PICTURES, RECORDINGS, END = "pictures", "recordings", "_end.json"


@dataclass(frozen=True)
class Unit:
    """Some pictures, or a whole video or bag: that must be read from its start."""

    paths: tuple[Path, ...]
    is_recording: bool
    there: frozenset[str] = frozenset()  # its parts, of a run before, that are whole

    @property
    def folder(self) -> str:
        """Where the parts of a recording go: readable, and no other's."""
        name = named(self.paths[0])
        readable = "".join(c if c.isalnum() or c in "-_." else "_" for c in Path(name).name)[-60:]
        return f"{RECORDINGS}/{readable}-{_digest(name)}"


@dataclass
class Tally:
    """What was added: frames, and rows by task, status and label; and the recordings that break off."""

    frames: int = 0
    rows: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    cut: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, frames: int, rows: Sequence[Row], cut: list[str]) -> "Tally":
        """Counts a part."""
        counted = Counter((row.get("task") or "", row["status"], row.get("label") or "") for row in rows)
        return cls(frames, counted, cut)

    def add(self, other: "Tally") -> None:
        """Counts another part, too."""
        self.frames += other.frames
        self.rows.update(other.rows)
        self.cut += other.cut


def plan(given: Sequence[Path], boxes: Boxes, output: Output, there: Collection[str]) -> list[Unit]:
    """What is to be done, less what is done.

    Args:
        given: files and folders.
        boxes: must be of some of them.
        output: where the parts are.
        there: the names of its files.

    Raises:
        BadParameter: see `find`; or the regions are of other files.
    """
    pictures, recordings = find(given)
    boxes.check({named(path) for path in (*pictures, *recordings)})
    done = output.sources([name for name in there if name.startswith(f"{PICTURES}/")])
    left = [path for path in pictures if named(path) not in done]
    units = [Unit(tuple(left[first : first + CHUNK]), False) for first in range(0, len(left), CHUNK)]
    for path in recordings:
        unit = Unit((path,), True)
        mine = frozenset(name for name in there if name.startswith(f"{unit.folder}/"))
        if f"{unit.folder}/{END}" not in mine:
            units.append(Unit((path,), True, frozenset(name for name in mine if _cut(name) not in mine)))
    return units


def parts(unit: Unit, scorer: Scorer, output: Output) -> Iterator[Tally]:
    """Does a unit, part by part."""
    if unit.is_recording:
        yield from _recording(unit, scorer, output)
        return
    frames = [Recorded(named(path), 0, partial(_file, path)) for path in unit.paths]
    name = f"{PICTURES}/{_digest(*(frame.source for frame in frames))}.parquet"
    yield _part(name, frames, scorer, output)


def _recording(unit: Unit, scorer: Scorer, output: Output) -> Iterator[Tally]:
    """Reads it from its start, since most can't be entered in the middle, and judges what no part has.

    One that breaks off is not at its end: by the next run it may be written to it, or its disk be there again.
    """
    (path,) = unit.paths
    found, cut = (bag if path.suffix.lower() in BAGS else video).frames(path), list[str]()
    for number, chunk in groupby(found, _number):
        name = f"{unit.folder}/{number * CHUNK:09d}.parquet"
        if name in unit.there:
            tally = Tally(cut=[recorded.source for recorded in chunk if recorded.breaks_off])
        else:
            tally = _part(name, chunk, scorer, output)
            if not tally.cut:
                output.forget(_cut(name))  # the recording goes on there by now
        cut += tally.cut
        yield tally
    if not cut:
        output.note(f"{unit.folder}/{END}", {"source": named(path)})


def _number(recorded: Recorded) -> int:
    """Of its part. That a recording breaks off stands in the part of the frame before, which will be there again."""
    return max(0, recorded.frame - recorded.breaks_off) // CHUNK


def _part(name: str, frames: Iterable[Recorded], scorer: Scorer, output: Output) -> Tally:
    number, rows, cut = 0, list[Row](), list[str]()
    for recorded in frames:
        rows += scorer.rows(recorded)
        number += 1
        cut += [recorded.source] * recorded.breaks_off
    if cut:  # noted before the part is there, which is not to be taken for whole
        output.note(_cut(name), {"source": cut[0]})
    output.write(name, rows)
    return Tally.of(number, rows, cut)


def _cut(part: str) -> str:
    """The note beside a part in which its recording breaks off."""
    folder, _, name = part.rpartition("/")
    return f"{folder}/_cut_{name}.json"


def _file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadImage(str(error)) from error


def _digest(*names: str) -> str:
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]
