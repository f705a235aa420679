"""The table and the two plots of a comparison.

compare.json --table--> Markdown, --draw--> macs.png, latency.png
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from adjustText import adjust_text  # type: ignore[import-untyped]

from roadsight_training.compare.result import Timed, load_all
from roadsight_training.judging.plots import new_figure, save_png

COLUMNS = (
    *("network", "top-1", "95 % between tracks", "validation", "training", "epochs"),
    *("parameters, M", "MACs, M", "ms", "precision"),
)


def write_page(folder: Path) -> None:
    """Writes `table.md`, `macs.png` and `latency.png` beside `compare.json`."""
    results = load_all(folder)
    (folder / "table.md").write_text(table(results), encoding="utf-8")
    _draw(results, lambda result: result.macs / 1e6, "million MACs a picture", folder / "macs.png")
    named = "milliseconds a picture, ONNX Runtime, one thread"
    _draw(results, lambda result: result.milliseconds, named, folder / "latency.png")


def table(results: Sequence[Timed]) -> str:
    """Gives the results in Markdown, a row each."""
    head = f"| {' | '.join(COLUMNS)} |\n|---|---:|---|{'---:|' * 6}---|\n"
    return head + "".join(_row(result) for result in results)


def _row(result: Timed) -> str:
    low, high = result.top1_between_tracks
    return (
        f"| {result.name} | {result.top1:.2%} | {low:.2%} to {high:.2%} | {result.validation_top1:.2%} "
        f"| {result.training_top1:.2%} | {result.epochs:.2f} | {result.parameters / 1e6:.2f} | {result.macs / 1e6:.1f} "
        f"| {result.milliseconds:.2f} | {result.precision} |\n"
    )


def _draw(results: Sequence[Timed], cost: Callable[[Timed], float], named: str, path: Path) -> None:
    """Draws top-1 against a cost, on a logarithmic axis; the area of a mark stands for the parameters."""
    figure, (axes,) = new_figure(9, 7)
    largest = max(result.parameters for result in results)
    x, y = [cost(result) for result in results], [100 * result.top1 for result in results]
    areas = [20 + 350 * result.parameters / largest for result in results]
    marks = axes.scatter(x, y, s=areas, c=[f"C{n % 10}" for n in range(len(results))], alpha=0.6, edgecolors="none")
    axes.set(xscale="log", xlabel=named, ylabel=f"top-1 on {results[0].split}, %")
    axes.margins(0.1)  # room for names at the sides
    names = [axes.text(x[n], y[n], result.name, fontsize=8) for n, result in enumerate(results)]
    line = {"arrowstyle": "-", "color": "0.6", "linewidth": 0.6}
    adjust_text(names, x, y, objects=marks, ax=axes, arrowprops=line, expand=(1.1, 1.4))
    save_png(figure, path)
