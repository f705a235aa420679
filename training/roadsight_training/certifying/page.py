"""A finished run becomes figures and a page.

Certified, labels --write_page--> figures.json, report.html, curve.png
                                  OSError
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from roadsight_training.attacking.page import FIGURES, PAGE
from roadsight_training.certifying.figures import Certified, Plain, figures
from roadsight_training.judging.plots import BLUE, GREEN, describe, encode, new_figure
from roadsight_training.judging.report_page import fill

TEMPLATE = "certify.html.j2"
CURVE = "curve"


def write_page(certified: Certified, labels: Sequence[str], out: Path) -> Plain:
    """Writes all three into the folder of the run; what was there before is overwritten.

    Returns:
        The figures.
    """
    told = figures(certified, labels)
    pictures = {CURVE: encode(curve_plot(certified, told))}
    (out / f"{CURVE}.png").write_bytes(pictures[CURVE])
    (out / FIGURES).write_text(json.dumps(told, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    (out / PAGE).write_text(fill(TEMPLATE, pictures, figures=told), encoding="utf-8")
    return told


def curve_plot(certified: Certified, figures: Plain) -> Figure:
    """Certified top-1 against the radius, with its interval where the table has a row."""
    figure, (axes,) = new_figure(8, 4)
    run, points = figures["run"], figures["curve"]
    fine = np.unique([0.0, *certified.radius[certified.right], certified.largest])
    shares = [certified.certified(radius).mean() for radius in fine]
    axes.step([*fine, certified.largest], [*shares, 0.0], where="pre", color=BLUE, linewidth=1)
    values = np.array([point["certified"] for point in points])
    low, high = np.array([point["interval"] for point in points]).T
    places = [point["radius"] for point in points]
    axes.errorbar(
        places, values, (values - low, high - values), color=BLUE, fmt="o", capsize=3, label="certified, 95 %"
    )
    axes.axhline(figures["plain"]["top1"], color=GREEN, linestyle=":", label="without noise, nothing proven")
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.set_ylim(-0.02, 1.02)
    title = f"sigma {run['sigma']:g} on {figures['n']} pictures of {run['split']}, {run['precision']}"
    describe(axes, title, "radius, l2 in pixel units", "certified top-1, lower bound")
    return figure
