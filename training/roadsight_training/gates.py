"""What a model must pass before anybody is served by it.

figures + the recipe's `publish` + the version before --judge--> Gates --require--> nothing, or GateFailed
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from roadsight_models.manifest import Manifest, Metric, Precision
from roadsight_models.precision import has_dot_products
from roadsight_training.errors import GateFailed
from roadsight_training.judging.figures import Report
from roadsight_training.recipe import Publish


class Cost(NamedTuple):
    """What it takes to serve a model."""

    parameters: int
    time: float | None  # of the graph that the service picks here, as a share of the yardstick's; None: not wanted


class Gate(NamedTuple):
    """One condition, and how it turned out."""

    name: str
    passed: bool
    said: str  # with the figures


def judge(
    report: Report,
    wanted: Publish,
    precisions: Sequence[Precision],
    cost: Cost,
    before: Manifest | None,
) -> list[Gate]:
    """Holds a model against what its recipe wants of it, and against the version before it.

    Parity and the golden self-test are gates, too: they end an export by themselves.

    Args:
        report: of the split that is published.
        wanted: the recipe's.
        precisions: the graphs beside float32, measured on the same split.
        cost: of the network.
        before: the manifest of the newest version that is published; None if this is the first.
    """
    figures = headline(report)
    gates = [_at_least(name, figures[name], least) for name, least in wanted.at_least.items()]
    gates.append(_at_most("calibration", "ECE", report.ece, wanted.ece))
    if wanted.parameters is not None:
        said = f"{cost.parameters} parameters, at most {wanted.parameters}"
        gates.append(Gate("size", cost.parameters <= wanted.parameters, said))
    if wanted.time is not None:
        assert cost.time is not None  # measured because it is wanted
        gates.append(_at_most("time", "share of float32 ResNet-18 on 64 px", cost.time, wanted.time))
    for one in precisions:
        gates.append(_at_most(one.name, "loss of top-1", report.top1.value - one.top1, wanted.loss))
        if one.latency_ratio is not None and has_dot_products():
            said = f"takes {one.latency_ratio:.2f} of the time of float32"
            gates.append(Gate(f"{one.name} speed", one.latency_ratio < 1, said))
    published = _top1(before, wanted.split)
    if before is not None and published is not None and published.interval is not None:
        said = f"top-1 {report.top1.value:.4f}; {before.version} has {published.value:.4f}, 95 % from "
        low = published.interval[0]
        gates.append(Gate("no worse", report.top1.value >= low, said + f"{low:.4f}"))
    return gates


def headline(report: Report) -> Mapping[str, float]:
    """The figures that a recipe may want at least so much of."""
    seen = [one.recall.value for one in report.per_class.values() if one.recall.n >= report.min_support]
    return {
        "top1": report.top1.value,
        "macro_f1": report.macro_f1,
        "mean_recall": report.mean_recall,
        "lowest_recall": min(seen),
    }


def require(gates: Sequence[Gate]) -> None:
    """Raises GateFailed with all that did not pass."""
    if failed := [gate for gate in gates if not gate.passed]:
        raise GateFailed([f"{gate.name}: {gate.said}" for gate in failed])


def _at_least(name: str, value: float, least: float) -> Gate:
    return Gate(name, value >= least, f"{value:.4f}, at least {least:g}")


def _at_most(name: str, figure: str, value: float, most: float) -> Gate:
    return Gate(name, value <= most, f"{figure} {value:.4f}, at most {most:g}")


def _top1(manifest: Manifest | None, split: str) -> Metric | None:
    found = manifest.metrics if manifest else ()
    return next((one for one in found if (one.name, one.split) == ("top1", split)), None)
