"""The live table: the last frames, and a line over all of them.

Seen --add--> a row, the summary --rich.live--> terminal
     --add--> an object a line  --------------> standard output, with --json
"""

import json
import sys
from collections import deque
from dataclasses import asdict
from typing import Any, Self

from rich.console import Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from roadsight_client.answers import Answer, Result
from roadsight_client.commands.summary import Summary, name
from roadsight_client.errors import Problem
from roadsight_client.messages import Seen

ROWS = 12


class Board:
    """Shows what became of frames while they come; the last `rows`, or all."""

    def __init__(self, rows: int | None = ROWS) -> None:
        self.summary = Summary()
        self._rows: deque[tuple[str, str, str, str]] = deque(maxlen=rows)
        self._live = Live(get_renderable=self._render, refresh_per_second=8)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()
        if not self._live.console.is_terminal:  # there rich ends the line itself
            self._live.console.line()

    def add(self, seen: Seen) -> None:
        """Shows one more."""
        self.summary.add(seen)
        frame = seen.frame
        self._rows.append((frame.camera or "", frame.id or "", said(seen), f"{seen.latency_ms:.1f}"))

    def _render(self) -> RenderableType:
        table = Table("camera", "frame", "answer", "ms")
        for row in list(self._rows):  # rich draws on a thread of its own
            table.add_row(*map(Text, row))  # no name is markup
        return Group(table, Text(str(self.summary)))


class Lines:
    """Writes an object a line, and the summary to standard error."""

    def __init__(self) -> None:
        self.summary = Summary()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        print(self.summary, file=sys.stderr)

    def add(self, seen: Seen) -> None:
        """Writes one."""
        self.summary.add(seen)
        print(json.dumps(plain(seen)), flush=True)


def said(seen: Seen) -> str:
    """What is shown of a frame: the likeliest class of each answer, or why there is none."""
    if isinstance(seen.outcome, Answer):
        return ", ".join(_likeliest(result) for region in seen.outcome.regions for result in region.results)
    return str(seen.outcome) if isinstance(seen.outcome, Problem) else name(seen.outcome)


def plain(seen: Seen) -> dict[str, Any]:
    """What is written of a frame."""
    frame, outcome = seen.frame, seen.outcome
    return {
        "frame": {"id": frame.id, "camera": frame.camera, "captured_ns": frame.captured_ns},
        "outcome": name(outcome),
        "latency_ms": round(seen.latency_ms, 3),
        "answer": asdict(outcome) if isinstance(outcome, Answer) else None,
        "detail": str(outcome) if isinstance(outcome, Exception) else None,
    }


def _likeliest(result: Result) -> str:
    if not result.predictions:
        return f"unknown ({result.reason})"
    first = result.predictions[0]
    return f"{first.label} {first.probability:.2f}" + ("" if result.status == "ok" else f" ({result.status})")
