"""Checkpoints, compared to the bit."""

from pathlib import Path
from typing import Any

import torch


def state(checkpoint: Path) -> dict[str, Any]:
    """All that a run goes on from: weights, averages, optimiser, schedule, what callbacks and loops counted."""
    stored: dict[str, Any] = torch.load(checkpoint, weights_only=True)
    return stored


def differences(ours: Any, theirs: Any, where: str = "") -> list[str]:
    """Names the values that are not the same to the bit."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        keys = [*ours, *(key for key in theirs if key not in ours)]
        return [line for key in keys for line in differences(ours.get(key), theirs.get(key), f"{where}/{key}")]
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        pairs = enumerate(zip(ours, theirs, strict=True))
        return [line for i, both in pairs for line in differences(*both, f"{where}/{i}")]
    same = torch.equal(ours, theirs) if isinstance(ours, torch.Tensor) else ours == theirs
    return [] if same else [f"{where}: {ours} {theirs}"]
