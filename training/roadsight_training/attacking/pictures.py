"""What the page shows: the curve, and pictures before and after.

figures --curve_plot--> Figure
Results --examples_sheet--> uint8 [H, W, 3]: clean, what was added, adversarial
"""

import base64
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from roadsight_models.frame import Pixels
from roadsight_models.robustness.epsilons import shown
from roadsight_training.attacking.results import Results
from roadsight_training.judging.plots import BLUE, GREEN, describe, new_figure
from roadsight_training.sheet import contact_sheet

SHOWN = 12  # pictures


def curve_plot(figures: dict[str, Any]) -> Figure:
    """Robust accuracy against epsilon, with its interval; at 0 that of the clean pictures."""
    figure, (axes,) = new_figure(8, 4)
    points, run = figures["curve"], figures["run"]
    clean, norm = figures["clean"], run["norm"]
    values = np.array([clean["top1"], *(point["robust"] for point in points)])
    low, high = np.array([clean["interval"], *(point["interval"] for point in points)]).T
    places = [0.0, *(point["epsilon"] for point in points)]
    axes.plot(places, values, color=BLUE, linewidth=1)
    axes.errorbar(
        places, values, (values - low, high - values), color=BLUE, fmt="o", capsize=3, label="withstood, 95 %"
    )
    axes.axhline(clean["top1"], color=GREEN, linestyle=":", label="clean")
    axes.set_xticks(places, ["0", *(point["shown"] for point in points)])
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.set_ylim(-0.02, 1.02)
    title = f"{run['attack']} on {figures['n']} pictures of {run['split']}, {run['precision']}"
    describe(axes, title, f"epsilon, {norm or 'no ball'}", "robust top-1, upper bound")
    return figure


def examples_sheet(results: Results, labels: Sequence[str]) -> Pixels | None:
    """Triples, two in a row: clean, the change scaled to black and white around grey, adversarial.

    As many classes as there are; None where nothing was broken.
    """
    first = {example["truth"]: example for example in reversed(results.examples)}
    chosen = [first[index] for index in sorted(first)][:SHOWN]
    tiles, captions = [], []
    for example in chosen:
        clean, adversarial = _pixels(example["clean"]), _pixels(example["adversarial"])
        tiles += [clean, magnified(clean, adversarial), adversarial]
        captions += [
            labels[example["truth"]],
            f"epsilon {shown(example['epsilon'], results.header['norm'])}",
            labels[example["guess"]],
        ]
    return contact_sheet(tiles, captions, columns=6, side=144) if tiles else None


def magnified(clean: Pixels, adversarial: Pixels) -> Pixels:
    """The change of each value around grey, scaled so that the largest is black or white."""
    delta = adversarial.astype(np.float32) - clean
    return np.asarray((127.5 + delta * (127.5 / max(float(np.abs(delta).max()), 1))).round(), np.uint8)


def _pixels(png: str) -> Pixels:
    data = np.frombuffer(base64.b64decode(png), np.uint8)
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR_RGB), np.uint8)
