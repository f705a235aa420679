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
    there: frozenset[str] = frozenset()  # its parts, of a run before

    @property
    def folder(self) -> str:
        """Where the parts of a recording go: readable, and no other's."""
        name = named(self.paths[0])
        readable = "".join(c if c.isalnum() or c in "-_." else "_" for c in Path(name).name)[-60:]
        return f"{RECORDINGS}/{readable}-{_digest(name)}"


@dataclass
class Tally:
    """What was added: frames, and rows by task, status and label."""

    frames: int = 0
    rows: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    @classmethod
    def of(cls, frames: int, rows: Sequence[Row]) -> "Tally":
        """Counts a part."""
        return cls(frames, Counter((row.get("task") or "", row["status"], row.get("label") or "") for row in rows))

    def add(self, other: "Tally") -> None:
        """Counts another part, too."""
        self.frames += other.frames
        self.rows.update(other.rows)


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
            units.append(Unit((path,), True, mine))
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
    """Reads it from its start, since most can't be entered in the middle, and judges what no part has."""
    (path,) = unit.paths
    found = (bag if path.suffix.lower() in BAGS else video).frames(path)
    for number, chunk in groupby(found, lambda recorded: recorded.frame // CHUNK):
        name = f"{unit.folder}/{number * CHUNK:09d}.parquet"
        if name not in unit.there:
            yield _part(name, chunk, scorer, output)
    output.note(f"{unit.folder}/{END}", {"source": named(path)})


def _part(name: str, frames: Iterable[Recorded], scorer: Scorer, output: Output) -> Tally:
    number, rows = 0, []
    for recorded in frames:
        rows += scorer.rows(recorded)
        number += 1
    output.write(name, rows)
    return Tally.of(number, rows)


def _file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadImage(str(error)) from error


def _digest(*names: str) -> str:
    return hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]
