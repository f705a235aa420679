"""What `roadsight stress` wrote of corruptions, as one table.

its JSON --read_stress--> rows --corruption_errors--> error by corruption and severity, and mCE
         BadRun
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from roadsight_models.robustness.corruptions import CORRUPTIONS
from roadsight_training.errors import BadRun

NEEDED = {"name", "level", "top1", "n"}  # of each row


def read_stress(path: Path) -> list[dict[str, Any]]:
    """Reads what the command wrote.

    Raises:
        BadRun: it did not write that.
    """
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        rows = None
    if not isinstance(rows, list) or not all(isinstance(row, dict) and row.keys() >= NEEDED for row in rows):
        raise BadRun(path, "not what `roadsight stress --json` wrote")
    return rows


def corruption_errors(stress: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Puts errors in a table.

    Args:
        stress: its rows; those that are no corruptions are left out.

    Returns:
        Errors by name and severity, their means, and `mce`: the mean over ImageNet-C's, divided by no other network's
        as Hendrycks and Dietterich 2019 do; null where there are none of these. None where there is no corruption.
    """
    rows = [one for one in stress if one["name"] in CORRUPTIONS]
    if not rows:
        return None
    errors: dict[str, dict[str, float]] = {}
    for one in rows:
        errors.setdefault(one["name"], {})[f"{one['level']:g}"] = 1 - one["top1"]
    means = {name: float(np.mean(list(by_severity.values()))) for name, by_severity in errors.items()}
    known = [mean for name, mean in means.items() if CORRUPTIONS[name].imagenet_c]
    return {"errors": errors, "means": means, "mce": float(np.mean(known)) if known else None, "n": rows[0]["n"]}
