"""A run's best checkpoint, judged: one page, the same figures as JSON, the pictures for slides.

Run, Network, Dataset --judge--> Judged --figures, pictures--> report.html, figures.json, *.png
                      BadRun, BadDataset, BadAnswers           OSError
run/logs --read_history--> History --verdict--> Verdict
         BadRun
"""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from roadsight_models.frame import Pixels
from roadsight_training.datasets import Dataset
from roadsight_training.errors import BadDataset
from roadsight_training.judging import plots, report_plots, report_sheets
from roadsight_training.judging.figures import Report
from roadsight_training.judging.history import Curve, History, read_history, verdict
from roadsight_training.judging.insight import first_layer_filters, mapped_stages
from roadsight_training.judging.report_judged import Asked, Judged, judge
from roadsight_training.judging.report_page import render
from roadsight_training.networks import Network
from roadsight_training.run import HELD_BACK, Run
from roadsight_training.summary import summarise

CONFUSIONS = 20  # pairs of classes in the table
EXPLAINED = 8  # pictures, right and wrong ones each
FIRST_STAGES = 3  # whose maps are shown

Pictures = dict[str, plots.Picture]


def write_report(run: Run, network: Network, dataset: Dataset, asked: Asked, out: Path) -> Report:
    """Writes `report.html`, `figures.json` and the PNGs into a folder, which is made.

    Args:
        run: gives recipe, labels and history.
        network: of its best checkpoint.
        dataset: with the run's labels.
        asked: which split, and what to show.
        out: files of an earlier report there are overwritten.

    Raises:
        BadRun: no TensorBoard logs, or the data set lacks the validation tracks.
        BadDataset: no such split, too many damaged pictures, or a picture to explain is not in the split.
        BadAnswers: the network answers with numbers that are not finite.
    """
    history = read_history(run.logs, run.recipe.fit.keep)
    judged = judge(run, network, dataset, asked)
    rows = _chosen(judged, dataset, asked.shown)
    pictures = _plots(judged, history) | _sheets(network, judged, rows, bool(asked.shown))
    figures = _figures(run, network, judged, history, asked)
    out.mkdir(parents=True, exist_ok=True)
    encoded = {name: plots.encode(picture) for name, picture in pictures.items()}
    for name, png in encoded.items():
        (out / f"{name}.png").write_bytes(png)
    (out / "figures.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    (out / "report.html").write_text(render(figures, encoded, run.recipe_text), encoding="utf-8")
    return judged.report


def _figures(run: Run, network: Network, judged: Judged, history: History, asked: Asked) -> dict[str, Any]:
    """Everything that the page says in numbers."""
    size = (run.recipe.input.height, run.recipe.input.width)
    made, told = summarise(network, size), verdict(history)
    return judged.report.figures() | {
        "recipe": run.recipe.name,
        "network": run.recipe.network.name,
        "parameters": made.parameters,
        "macs": made.macs,
        "input": list(size),
        "split": asked.split,
        "seen": _seen(run, asked.split),
        "keep": run.recipe.fit.keep,
        "damaged": judged.damaged,
        "verdict": told._asdict(),
        "history": {name: _plain(curve) for name, curve in history.figures.items()},
        "temperature": judged.temperature,
        "at_temperature": {name: getattr(judged.calibrated, name) for name in ("ece", "brier", "nll")},
        "thresholds": {
            chosen.label: {
                "wanted": {chosen.wanted.aim: chosen.wanted.value},
                "threshold": chosen.threshold,
                "reached": reached.plain() if reached else None,
            }
            for chosen, reached in judged.thresholds
        },
        "confusions": _confusions(judged.report),
        "mapped_stages": {name: list(sides) for name, sides in mapped_stages(network, size).items()},
        "first_layer": first_layer_filters(network, size).kind,
    }


def _seen(run: Run, split: str) -> str:
    if split == run.recipe.data.split:
        return "trained"
    return "chose" if split in (HELD_BACK, *run.recipe.data.splits) else "new"


def _plain(curve: Curve) -> dict[str, object]:
    return {"steps": curve.steps, "values": [value if math.isfinite(value) else None for value in curve.values]}


def _confusions(report: Report) -> list[dict[str, object]]:
    return [
        {"truth": truth, "guess": guess, "images": images, "of": report.per_class[truth].recall.n}
        for truth, guess, images in report.confusions(CONFUSIONS)
    ]


def _plots(judged: Judged, history: History) -> Pictures:
    report = judged.report
    found: Pictures = {
        "history": report_plots.history_plot(history),
        "learning_rate": report_plots.rate_plot(history),
        "confusion": report_plots.confusion_plot(report),
        "reliability": report_plots.reliability_plot(report.calibration),
    }
    if report.curves:
        found |= {"roc": report_plots.roc_plot(report)}
        found |= {"precision_recall": report_plots.precision_recall_plot(report)}
    if report.per_size:
        title = "Top-1 by size of the object"
        found["sizes"] = report_plots.groups_plot(report.per_size, title, "shorter side of the box, pixels")
    if len(report.per_source) > 1:
        found["sources"] = report_plots.groups_plot(report.per_source, "Top-1 by source", "")
    return found


def _sheets(network: Network, judged: Judged, rows: list[int], asked_for: bool) -> Pictures:
    frames, answers = judged.frames, judged.answers
    size = (frames.shape[1], frames.shape[2])
    right, wrong = ([row for row in rows if answers.right[row] == being] for being in (True, False))
    found: dict[str, Pixels] = {
        "filters": report_sheets.filters_sheet(first_layer_filters(network, size), answers.labels)
    }
    if judged.report.mistakes:
        found["errors"] = report_sheets.errors_sheet(frames, judged.report.mistakes)
    shown = rows if asked_for else [*right[:1], *wrong[:1]]
    if stages := list(mapped_stages(network, size))[:FIRST_STAGES]:
        found["activations"] = report_sheets.activations_sheet(network, frames[shown], stages)
        for name, some in (("grad_cam_right", right), ("grad_cam_wrong", wrong)):
            if some:
                found[name] = report_sheets.grad_cam_sheet(network, frames, answers, some)
    return dict(found)


def _chosen(judged: Judged, dataset: Dataset, shown: tuple[str, ...]) -> list[int]:
    """Rows of the pictures to explain: those asked for; else the surest of some classes, and the worst mistakes."""
    answers = judged.answers
    if shown:
        paths = [sample.path for sample in answers.samples]
        if missing := [path for path in shown if path not in paths]:
            raise BadDataset(dataset.folder / missing[0], "not among the pictures that are judged, so not explained")
        return [row for wanted in shown for row, path in enumerate(paths) if path == wanted]  # each box of a frame
    surest = {int(answers.truth[row]): int(row) for row in np.argsort(answers.confidence) if answers.right[row]}
    right = [surest[index] for index in sorted(surest)]
    some = [right[place] for place in np.unique(np.linspace(0, len(right) - 1, EXPLAINED).astype(int)) if right]
    return some + [one.sample for one in judged.report.mistakes[:EXPLAINED]]
