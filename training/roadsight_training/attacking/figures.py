"""What a run found, as JSON values; the page says nothing else.

Results, labels, Checks, stress --figures--> figures.json
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from roadsight_models.robustness.epsilons import shown
from roadsight_models.robustness.masking import MaskingCheck, masks
from roadsight_training.attacking.results import Level, Results
from roadsight_training.judging.corrupted import corruption_errors
from roadsight_training.judging.intervals import Proportion

PAIRS = 20  # of truth and answer in the table

Plain = dict[str, Any]


def figures(
    results: Results, labels: Sequence[str], checks: Sequence[MaskingCheck] | None, stress: Sequence[Plain]
) -> Plain:
    """Puts everything into plain values; a number that is not defined is null.

    Args:
        results: of a finished run.
        labels: of the bundle.
        checks: of gradient masking; None where they were not asked for.
        stress: what `roadsight stress --json` wrote; may be empty.
    """
    nearest = results.nearest()
    middle = float(np.median(nearest)) if len(nearest) else np.inf
    return {
        "run": results.header,
        "n": len(results.truth),
        "clean": results.clean.plain("top1"),
        "curve": [_of_level(level, results.header["norm"]) for level in results.levels],
        "distortion": {
            "norm": results.header["norm"] or "l2",
            "median": middle if np.isfinite(middle) else None,
            "broken": int(np.isfinite(nearest).sum()),
            "n": len(nearest),
        },
        "per_class": {
            label: _of_class(results, index) for index, label in enumerate(labels) if (results.truth == index).any()
        },
        "turned": [
            {"epsilon": shown(level.epsilon, results.header["norm"]), "pairs": turned(results, level, labels)}
            for level in results.levels
        ],
        "checks": None if checks is None else [asdict(check) for check in checks],
        "masked": masks(checks) if checks else None,
        "corruptions": corruption_errors(stress),
    }


def turned(results: Results, level: Level, labels: Sequence[str]) -> list[Plain]:
    """Which class was turned into which, of pictures that were named rightly: the most frequent pairs."""
    rows = np.flatnonzero(level.broken & results.right)
    pairs = Counter(zip(results.truth[rows].tolist(), level.guess[rows].tolist(), strict=True))
    of = Counter(results.truth.tolist())
    ranked = sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))[:PAIRS]
    return [
        {"truth": labels[truth], "guess": labels[guess], "images": images, "of": of[truth]}
        for (truth, guess), images in ranked
    ]


def _of_level(level: Level, norm: str | None) -> Plain:
    return {
        "epsilon": level.epsilon,
        "shown": shown(level.epsilon, norm),
        **level.robust.plain("robust"),
        "spent": level.spent(),
        "stages": [{"attack": stage.name, "faced": stage.faced, "broke": stage.broke} for stage in level.stages],
    }


def _of_class(results: Results, index: int) -> Plain:
    rows = results.truth == index
    robust = [Proportion.of(level.withstood[rows]).plain("robust") for level in results.levels]
    return {"n": int(rows.sum()), "clean": Proportion.of(results.right[rows]).value, "at": robust}
