"""What a run of `roadsight score` has written, as tests read it."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from roadsight_service.scoring.table import SCHEMA

Row = dict[str, Any]


def rows(out: Path) -> list[Row]:
    """All rows of a folder, by source, frame and region."""
    table = pq.read_table(out)
    assert table.schema.remove_metadata() == SCHEMA
    return sorted(table.to_pylist(), key=lambda row: (row["source"], row["frame"], row["x1"] or 0))


def labels(out: Path) -> list[str | None]:
    """What each row names."""
    return [row["label"] for row in rows(out)]
