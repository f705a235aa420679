"""The folder of a run, to which every chunk is added as it is done: a run can be stopped at any time.

    folder, header --open_journal--> Journal --append--> results.jsonl, seconds.jsonl
                   BadRun

`results.jsonl` is the header and then a line a chunk; the same header gives the same bytes. How long it took stands
apart, since that differs.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from roadsight_training.errors import BadRun

RESULTS = "results.jsonl"
SECONDS = "seconds.jsonl"
CHECKS = "checks.json"
NOT_OURS = "not what `roadsight attack` or `certify` wrote"
CHUNK = 20  # pictures: as much is lost where a run is interrupted

Line = dict[str, Any]


@dataclass
class Journal:
    """What was done so far."""

    folder: Path
    header: Line
    done: dict[int, Line] = field(default_factory=dict)  # by number of the chunk
    seconds: dict[int, list[float]] = field(default_factory=dict)  # of each chunk, by epsilon

    @property
    def pictures(self) -> int:
        """How many are done."""
        return sum(len(line["truth"]) for line in self.done.values())

    def left(self, total: int) -> Iterator[tuple[int, slice]]:
        """What is still to be done of so many pictures: number and rows of each chunk."""
        for chunk, start in enumerate(range(0, total, CHUNK)):
            if chunk not in self.done:
                yield chunk, slice(start, min(start + CHUNK, total))

    def append(self, line: Line, seconds: Sequence[float]) -> None:
        """Adds a chunk; its seconds first, so that none is without."""
        chunk = line["chunk"]
        _append(self.folder / SECONDS, {"chunk": chunk, "seconds": list(seconds)})
        _append(self.folder / RESULTS, line)
        self.done[chunk], self.seconds[chunk] = line, list(seconds)


def open_journal(folder: Path, header: Mapping[str, object]) -> Journal:
    """Begins a run, or goes on with one.

    Raises:
        BadRun: the folder holds a run with other settings (says which), or what is no run.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path, wanted = folder / RESULTS, json.loads(json.dumps(header))
    lines = _read(path)
    if not lines:
        _append(path, wanted)
        return Journal(folder, wanted)
    if differing := [name for name in wanted if lines[0].get(name) != wanted[name]]:
        changes = "; ".join(f"{name} {lines[0].get(name)!r}, now {wanted[name]!r}" for name in differing)
        raise BadRun(folder, f"was begun with other settings ({changes}); --out names another folder")
    if not all("chunk" in line for line in lines[1:]):
        raise BadRun(path, NOT_OURS)
    done = {line["chunk"]: line for line in lines[1:]}
    seconds = {line["chunk"]: line["seconds"] for line in _read(folder / SECONDS)}
    if done.keys() - seconds.keys():
        raise BadRun(folder / SECONDS, "lacks chunks that were done")
    return Journal(folder, wanted, done, {chunk: seconds[chunk] for chunk in done})


def _append(path: Path, line: Line) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, allow_nan=False) + "\n")


def _read(path: Path) -> list[Line]:
    """The whole lines; one that broke off is taken away."""
    if not path.exists():
        return []
    text = path.read_bytes()
    whole = text[: text.rfind(b"\n") + 1]
    try:
        lines = [json.loads(line) for line in whole.splitlines()]
    except ValueError as error:
        raise BadRun(path, NOT_OURS) from error
    if not all(isinstance(line, dict) for line in lines):
        raise BadRun(path, NOT_OURS)
    if whole != text:
        path.write_bytes(whole)
    return lines
