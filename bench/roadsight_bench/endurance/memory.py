"""What a process holds in memory, as Linux counts it.

process id --/proc--> Memory
           BenchError
"""

import re
from dataclasses import dataclass
from pathlib import Path

from roadsight_bench.errors import BenchError


@dataclass(frozen=True)
class Memory:
    """Megabytes, of 1,000,000 bytes."""

    rss_mb: float  # all that is resident
    anonymous_mb: float  # of it, what no file backs: heap, arenas, stacks


def look(process_id: int) -> Memory:
    """Looks at a process.

    Raises:
        BenchError: there is no such process, or no /proc: this is Linux alone.
    """
    try:
        status = Path(f"/proc/{process_id}/status").read_text()
    except OSError as error:
        raise BenchError(f"the memory of process {process_id} can't be read: {error}") from error
    return Memory(_megabytes(status, "VmRSS"), _megabytes(status, "RssAnon"))


def _megabytes(status: str, name: str) -> float:
    found = re.search(rf"^{name}:\s+(\d+) kB$", status, re.MULTILINE)  # kB of 1024 bytes
    if not found:
        raise BenchError(f"/proc tells no {name}")
    return int(found[1]) * 1024 / 1e6
