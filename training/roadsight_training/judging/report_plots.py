"""The plots of a report, each a figure for a page and for a slide.

Report, History --confusion_plot, curve_plots, ...--> Figure
"""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, PercentFormatter, StrMethodFormatter

from roadsight_training.judging.answers import Probabilities
from roadsight_training.judging.calibration import Calibration
from roadsight_training.judging.figures import Report
from roadsight_training.judging.groups import GroupFigures
from roadsight_training.judging.history import History
from roadsight_training.judging.plots import BLUE, GREEN, INK, ORANGE, PALE, RED, SERIES, describe, new_figure


class Line(NamedTuple):
    """One class in a plot of all of them."""

    x: Probabilities
    y: Probabilities
    area: float  # under it


def history_plot(history: History) -> Figure:
    """Loss and top-1 over the steps, training pictures against validation."""
    figure, (loss, top1) = new_figure(11, 4.2, 2)
    looks = {
        "train_loss": ("as minimised (augmented)", PALE, "-"),
        "fit_loss": ("training pictures", BLUE, "-"),
        "val_loss": ("validation", RED, "-"),
        "val_robust_loss": ("validation, attacked", ORANGE, "-"),
        "fit_top1": ("training pictures", BLUE, "-"),
        "val_top1": ("validation", RED, "-"),
        "val_robust_top1": ("validation, attacked", ORANGE, "-"),
    }
    for name, curve in history.figures.items():
        (label, colour, line), axes = looks[name], (loss if name.endswith("loss") else top1)
        mark = "." if 0 < len(curve.steps) <= 40 and name != "train_loss" else None
        axes.plot(curve.steps, curve.values, color=colour, linestyle=line, marker=mark, label=label)
    for axes in (loss, top1):
        if (best := history.kept_step) is not None:
            axes.axvline(best, color=GREEN, linestyle=":", label="checkpoint that is judged")
    loss.set_yscale("log")
    loss.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    loss.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    loss.yaxis.set_minor_formatter(NullFormatter())
    top1.yaxis.set_major_formatter(PercentFormatter(1))
    describe(loss, "Loss", "step", "nats a picture, log")
    describe(top1, "Top-1", "step", "", legend=False)
    return figure


def rate_plot(history: History) -> Figure:
    """The learning rate over the steps, of every group of parameters that has its own."""
    figure, (axes,) = new_figure(8, 3)
    rates = history.rates
    for place, (name, curve) in enumerate(rates.items()):
        shown = name if place < len(SERIES) - 1 or place == len(rates) - 1 else None
        axes.plot(curve.steps, curve.values, color=SERIES[place % len(SERIES)], label=shown)
    describe(axes, "Learning rate", "step", "", legend=len(rates) > 1)
    return figure


def confusion_plot(report: Report) -> Figure:
    """The confusion matrix: right answers blue, wrong ones orange, each as a share of its row, with the counts."""
    counts, labels = report.confusion, report.labels
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = 3.2 + 0.24 * len(labels)
    figure, (axes,) = new_figure(side, side)
    axes.grid(False)
    diagonal = np.eye(len(labels), dtype=bool)
    for colours, cells, strength in (("Blues", diagonal, 1.0), ("Oranges", ~diagonal, 0.4)):
        shown = np.ma.masked_where(~cells | (counts == 0), share)
        axes.imshow(shown, cmap=colours, norm=PowerNorm(strength, 0, 1.2))
    for row, column in np.argwhere(counts):
        dark = share[row, column] > (0.6 if row == column else 0.35)
        colour = "white" if dark else INK
        axes.text(column, row, str(counts[row, column]), ha="center", va="center", fontsize=6, color=colour)
    places = np.arange(len(labels))
    axes.set_xticks(places, labels, rotation=90, fontsize=8)
    axes.set_yticks(places, labels, fontsize=8)
    axes.set_xticks(places[1:] - 0.5, minor=True)
    axes.set_yticks(places[1:] - 0.5, minor=True)
    axes.grid(True, which="minor", color=PALE, alpha=0.35, linewidth=0.5)
    axes.tick_params(which="minor", length=0)
    describe(axes, f"Confusion of {report.n} images", "guess", "truth")
    return figure


def roc_plot(report: Report) -> Figure:
    """ROC of every class against the rest; the mean and the five worst stand out."""
    figure, (axes,) = new_figure(7, 5)
    floor = 1 / (2 * report.n)  # where a logarithmic axis shows a zero
    grid = np.geomspace(floor, 1, 501)
    lines = {
        label: Line(np.maximum(curve.roc.false_positive_rate, floor), curve.roc.true_positive_rate, curve.roc.area)
        for label, curve in report.curves.items()
    }
    rates = [
        np.interp(grid, report.curves[label].roc.false_positive_rate, line.y)
        for label, line in lines.items()
        if _counts(report, label)
    ]
    _lines(axes, lines)
    axes.plot(grid, np.mean(rates, axis=0), color=INK, linewidth=2.2, label=f"mean, area {report.mean_roc_auc:.4f}")
    axes.set_xscale("log")
    axes.set_xlim(floor, 1)
    describe(axes, "ROC, one class against the rest", "false positive rate, log", "true positive rate")
    return figure


def precision_recall_plot(report: Report) -> Figure:
    """Precision against recall of every class; the mean and the five worst stand out."""
    figure, (axes,) = new_figure(7, 5)
    sweeps = {label: curve.precision_recall for label, curve in report.curves.items()}
    grid = np.linspace(0, 1, 501)
    # At each recall the precision of the highest threshold that reaches it: what average precision sums up.
    counting = [sweep for label, sweep in sweeps.items() if _counts(report, label)]
    at = [sweep.precision[::-1][np.searchsorted(sweep.recall[::-1], grid)] for sweep in counting]
    _lines(axes, {label: Line(s.recall, s.precision, s.average_precision) for label, s in sweeps.items()})
    mean = f"mean, area {report.mean_average_precision:.4f}"
    axes.plot(grid, np.mean(at, axis=0), color=INK, linewidth=2.2, label=mean)
    axes.set_xlim(0, 1.01)
    axes.set_ylim(0, 1.02)
    describe(axes, "Precision against recall, one class against the rest", "recall", "precision")
    return figure


def reliability_plot(calibration: Calibration) -> Figure:
    """How often the network is right, by how sure it says it is; below, how many answers that is."""
    figure, (axes, counts) = new_figure(10, 4.4, 2)
    filled = [column for column in calibration.bins if column.confidence is not None]
    sure = np.array([column.confidence for column in filled], float)
    low, high = np.array([column.accuracy.interval for column in filled]).T
    right = np.array([column.accuracy.value for column in filled])
    axes.plot((0, 1), (0, 1), color=PALE, linestyle="--", label="as sure as right")
    axes.errorbar(sure, right, (right - low, high - right), color=BLUE, fmt="o", markersize=4, label="15 bins, 95 %")
    described = f"ECE {calibration.ece:.4f}, Brier {calibration.brier:.4f}, NLL {calibration.nll:.4f}"
    describe(axes, described, "mean probability of the guess", "share that is right")
    edges = [column.low for column in calibration.bins]
    counts.bar(edges, [column.accuracy.n for column in calibration.bins], 1 / len(edges), align="edge", color=ORANGE)
    counts.set_yscale("symlog", linthresh=1)
    describe(counts, "How sure the answers are", "probability of the guess", "images, log")
    return figure


def groups_plot(groups: dict[str, GroupFigures], title: str, what: str) -> Figure:
    """Top-1 with its interval of every group, and how many images that is."""
    figure, (axes,) = new_figure(8, 4)
    right = np.array([group.top1.value for group in groups.values()])
    low, high = np.array([group.top1.interval for group in groups.values()]).T
    axes.errorbar(range(len(groups)), right, (right - low, high - right), color=BLUE, fmt="o", capsize=3)
    axes.set_xticks(range(len(groups)), [f"{name}\nn={group.top1.n}" for name, group in groups.items()])
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    describe(axes, title, what, "top-1, 95 %")
    return figure


def _counts(report: Report, label: str) -> bool:
    return report.per_class[label].recall.n >= report.min_support


def _lines(axes: Axes, lines: dict[str, Line]) -> None:
    """All classes pale, those with the smallest areas in colour."""
    worst = sorted(lines, key=lambda label: lines[label].area)[: len(SERIES) - 1]
    for label, line in lines.items():
        if label not in worst:
            axes.plot(line.x, line.y, color=PALE, linewidth=0.6)
    for label, colour in zip(worst, SERIES, strict=False):
        line = lines[label]
        axes.plot(line.x, line.y, color=colour, linewidth=1.2, label=f"{label}, area {line.area:.4f}")
