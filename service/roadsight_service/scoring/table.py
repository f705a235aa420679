"""The rows: one for each region and task of a frame, or one that says why there is none.

Recorded + Seen --judged--> rows --> SCHEMA
Recorded + what is wrong --refused--> a row
"""

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from roadsight_models.errors import RoadsightError
from roadsight_service.room import Seen
from roadsight_service.scoring.recorded import Recorded
from roadsight_service.served import Model

UNREADABLE = "unreadable"
NO_REGION = "no_region"

Row = dict[str, Any]
_TEXT, _PIXEL = pa.string(), pa.float64()

# docs/scoring.md says what each column means; a test compares.
SCHEMA = pa.schema(
    [
        pa.field("source", _TEXT, nullable=False),
        pa.field("frame", pa.int64(), nullable=False),
        pa.field("camera", _TEXT),
        pa.field("captured_at", pa.timestamp("ns", "UTC")),
        pa.field("offset_ns", pa.int64()),
        pa.field("width", pa.int32()),
        pa.field("height", pa.int32()),
        *(pa.field(side, _PIXEL) for side in ("x1", "y1", "x2", "y2")),
        pa.field("track", _TEXT),
        pa.field("task", _TEXT),
        pa.field("version", _TEXT),
        pa.field("status", _TEXT, nullable=False),
        pa.field("reason", _TEXT),
        pa.field("detail", _TEXT),
        pa.field("label", _TEXT),
        pa.field("probability", pa.float64()),
    ]
)


def judged(recorded: Recorded, seen: Seen, models: Sequence[Model]) -> Iterator[Row]:
    """A row for each region and model."""
    frame = _frame(recorded) | {"width": seen.width, "height": seen.height}
    for region, judgements in zip(seen.regions, seen.judgements, strict=True):
        where = dict(zip(("x1", "y1", "x2", "y2"), map(float, region.box), strict=True)) | {"track": region.track}
        for model, judgement in zip(models, judgements, strict=True):
            first = judgement.predictions[0] if judgement.predictions else None
            said = {"task": model.manifest.task, "version": model.manifest.version, "status": judgement.status}
            best = {} if first is None else {"label": first.label, "probability": first.probability}
            yield frame | where | said | {"reason": judgement.reason} | best


def refused(recorded: Recorded, error: RoadsightError) -> Row:
    """The one row of a frame that can't be read, or whose regions do not lie in it."""
    return _frame(recorded) | {"status": UNREADABLE, "reason": error.code, "detail": str(error)}


def without_regions(recorded: Recorded) -> Row:
    """The one row of a frame for which the file of regions names none."""
    return _frame(recorded) | {"status": "unknown", "reason": NO_REGION}


def _frame(recorded: Recorded) -> Row:
    return {
        "source": recorded.source,
        "frame": recorded.frame,
        "camera": recorded.camera,
        "captured_at": recorded.captured_ns,
        "offset_ns": recorded.offset_ns,
    }
