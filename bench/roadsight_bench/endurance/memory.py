"""What a service holds in memory, as Linux counts it: itself and the processes that it started.

process id --/proc--> the process and its descendants --/proc--> Memory
           BenchError
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from roadsight_bench.errors import BenchError


@dataclass(frozen=True)
class Memory:
    """Megabytes, of 1,000,000 bytes; a page that several processes share counts as a part for each."""

    pss_mb: float  # all that is resident
    anonymous_mb: float  # of it, what no file backs: heap, arenas, stacks


def look(process_id: int) -> Memory:
    """Looks at a process and its descendants.

    Raises:
        BenchError: there is no such process, or no /proc: this is Linux alone.
    """
    try:
        told = [Path(f"/proc/{one}/smaps_rollup").read_text() for one in _family(process_id)]
    except OSError as error:
        raise BenchError(f"the memory of process {process_id} can't be read: {error}") from error
    return Memory(*(sum(_megabytes(each, name) for each in told) for name in ("Pss", "Pss_Anon")))


def open_files(process_id: int) -> int:
    """How many files, sockets and pipes a process and its descendants hold open; raises as `look` does."""
    try:
        return sum(len(list(Path(f"/proc/{one}/fd").iterdir())) for one in _family(process_id))
    except OSError as error:
        raise BenchError(f"the open files of process {process_id} can't be counted: {error}") from error


def _family(process_id: int) -> Iterator[int]:
    yield process_id
    for task in Path(f"/proc/{process_id}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from _family(int(child))


def _megabytes(rollup: str, name: str) -> float:
    found = re.search(rf"^{name}:\s+(\d+) kB$", rollup, re.MULTILINE)  # kB of 1024 bytes
    if not found:
        raise BenchError(f"/proc tells no {name}")
    return int(found[1]) * 1024 / 1e6
