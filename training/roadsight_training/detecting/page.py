"""What was measured becomes figures and a page.

Asked, clean scores, Bent --write_page--> suspicion.json, suspicion.html, roc.png
                                          OSError
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from roadsight_models.robustness.criterion import Flags
from roadsight_models.robustness.epsilons import shown
from roadsight_models.robustness.squeezing import Suspicions
from roadsight_training.attacking.parameters import described
from roadsight_training.detecting.bent import Bent
from roadsight_training.detecting.detection import FALSE_POSITIVES, curve, detection, threshold
from roadsight_training.judging.intervals import Proportion
from roadsight_training.judging.plots import PALE, SERIES, describe, encode, new_figure
from roadsight_training.judging.report_page import fill

FIGURES = "suspicion.json"
PAGE = "suspicion.html"
TEMPLATE = "suspicion.html.j2"
ROC = "roc"

Plain = dict[str, Any]


def write_page(run: Mapping[str, object], clean: Suspicions, right: Flags, bent: Sequence[Bent], out: Path) -> Plain:
    """Writes all three into a folder that is there.

    Args:
        run: states it, as JSON values.
        clean: float64 [N], scores of the pictures as they are.
        right: bool [N], which of these are named rightly.
        bent: what attacks made of them.
        out: the folder; what was there before is overwritten.

    Returns:
        The figures.
    """
    told = figures(run, clean, right, bent)
    pictures = {ROC: encode(roc_plot(clean, bent))}
    (out / f"{ROC}.png").write_bytes(pictures[ROC])
    (out / FIGURES).write_text(json.dumps(told, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    (out / PAGE).write_text(fill(TEMPLATE, pictures, figures=told), encoding="utf-8")
    return told


def figures(run: Mapping[str, object], clean: Suspicions, right: Flags, bent: Sequence[Bent]) -> Plain:
    """Puts everything into plain values; see `write_page`."""
    at = threshold(clean)
    return {
        "run": dict(run),
        "n": len(clean),
        "clean": Proportion.of(right).plain("top1"),
        "threshold": at,
        "false_positives": {"allowed": FALSE_POSITIVES, **Proportion.of(clean > at).plain("share")},
        "attacks": [_of(one, clean, right, at) for one in bent],
    }


def _of(bent: Bent, clean: Suspicions, right: Flags, at: float) -> Plain:
    found = detection(clean, bent.scores, bent.broke)
    return {
        "attack": bent.name,
        "parameters": described(bent.attacks),
        "epsilon": bent.threat.epsilon,
        "shown": shown(bent.threat.epsilon, bent.threat.norm),
        "broke": Proportion.of(bent.broke[right]).plain("share"),
        "area": found.area,
        "area_interval": found.area_interval,
        "caught": found.caught,
        "caught_interval": found.caught_interval,
        "unnoticed": Proportion.of((bent.broke & (bent.scores <= at))[right]).plain("share"),
    }


def roc_plot(clean: Suspicions, bent: Sequence[Bent]) -> Figure:
    """ROC of each attack, a plot an epsilon."""
    threats = list(dict.fromkeys(one.threat for one in bent))
    figure, plots = new_figure(5 * len(threats), 4.4, len(threats))
    for axes, threat in zip(plots, threats, strict=True):
        axes.plot((0, 1), (0, 1), color=PALE, linestyle="--")
        axes.axvline(FALSE_POSITIVES, color=PALE, linestyle=":")
        for place, one in enumerate(one for one in bent if one.threat == threat and one.broke.any()):
            false, true = curve(clean, one.scores[one.broke])
            label = f"{one.name}, {np.count_nonzero(one.broke)} pictures"
            axes.plot(false, true, color=SERIES[place % len(SERIES)], linewidth=1.2, label=label)
        title = f"{threat.norm}, epsilon {shown(threat.epsilon, threat.norm)}"
        describe(axes, title, "clean pictures that are suspected", "broken pictures that are")
    return figure
