"""The table and the two plots of a comparison.

Results, milliseconds --table--> Markdown --draw--> macs.png, latency.png
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from roadsight_training.compare.result import Result
from roadsight_training.judging.plots import new_figure, save_png

COLUMNS = (
    "network",
    "top-1",
    "95 % between tracks",
    "validation",
    "training",
    "epochs",
    "parameters, M",
    "MACs, M",
    "ms",
)
HEAD = f"| {' | '.join((*COLUMNS, 'precision'))} |\n|---|---:|---|{'---:|' * 6}---|\n"


def write_page(results: Sequence[Result], milliseconds: Mapping[str, float], out: Path) -> None:
    """Writes `table.md`, `compare.json`, `macs.png` and `latency.png` into the folder, best network first."""
    ordered = sorted(results, key=lambda result: -result.top1)
    (out / "table.md").write_text(HEAD + "".join(_row(result, milliseconds) for result in ordered), encoding="utf-8")
    figures = [result.model_dump() | {"milliseconds": milliseconds[result.name]} for result in ordered]
    (out / "compare.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    draw(ordered, {r.name: r.macs / 1e6 for r in ordered}, "million MACs a picture", out / "macs.png")
    draw(ordered, milliseconds, "ms a picture (ONNX Runtime, one thread)", out / "latency.png")


def _row(result: Result, milliseconds: Mapping[str, float]) -> str:
    low, high = result.top1_between_tracks
    return (
        f"| {result.name} | {result.top1:.2%} | {low:.2%} to {high:.2%} | {result.validation_top1:.2%} "
        f"| {result.training_top1:.2%} | {result.epochs:.2f} | {result.parameters / 1e6:.2f} | {result.macs / 1e6:.1f} "
        f"| {milliseconds[result.name]:.2f} | {result.precision} |\n"
    )


def draw(results: Sequence[Result], cost: Mapping[str, float], named: str, path: Path) -> None:
    """Draws top-1 against a cost, on a logarithmic axis; the area of a mark stands for the parameters."""
    figure, (axes,) = new_figure(9, 6)
    largest = max(result.parameters for result in results)
    for number, result in enumerate(results):
        area = 30 + 900 * result.parameters / largest
        at = (cost[result.name], 100 * result.top1)
        axes.scatter(*at, s=area, color=f"C{number % 10}", alpha=0.6, edgecolors="none")
        axes.annotate(result.name, at, textcoords="offset points", xytext=(4, 4), fontsize=8)
    axes.set(xscale="log", xlabel=named, ylabel=f"top-1 on {results[0].split}, %")
    save_png(figure, path)
