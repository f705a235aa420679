"""Tables of a model card, in Markdown.

figures --table--> Markdown
"""

from collections.abc import Iterable, Mapping, Sequence

from roadsight_models.manifest import Metric, Precision
from roadsight_training.judging.figures import Report
from roadsight_training.judging.groups import GroupFigures
from roadsight_training.judging.intervals import Proportion


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table with these columns, ending in a line's end; nothing where there is no row."""
    lines = [f"| {' | '.join(map(str, row))} |" for row in rows]
    return "\n".join([f"| {' | '.join(head)} |", "|---" * len(head) + "|", *lines, ""]) if lines else ""


def shares(name: str, parts: Mapping[str, GroupFigures]) -> str:
    """Top-1 of each part of a split."""
    rows = [(part or "-", *_share(one.top1), one.top1.n) for part, one in parts.items()]
    return table((name, "top-1", "95 %", "images"), rows)


def classes(report: Report) -> str:
    """Recall and precision of each class that the split has."""
    seen = [(label, one) for label, one in report.per_class.items() if one.recall.n]
    rows = [(label, *_share(one.recall), f"{one.precision.value:.2%}", one.recall.n) for label, one in seen]
    return table(("class", "recall", "95 %", "precision", "images"), rows)


def sources(report: Report) -> str:
    """Recall of each class in each source; nothing where there is one source."""
    if len(report.per_source) < 2:
        return ""
    rows = [
        (source, label, *_share(recall), recall.n)
        for source, part in report.per_source.items()
        for label, recall in part.recalls.items()
    ]
    return table(("source", "class", "recall", "95 %", "images"), rows)


def confusions(report: Report, most: int = 10) -> str:
    """The most frequent mistakes."""
    return table(("truth", "answer", "images"), report.confusions(most))


def precisions(found: Sequence[Precision]) -> str:
    """What the graphs beside float32 cost and bring."""
    rows = [
        (
            one.name,
            f"{one.top1:.2%}",
            f"{one.size / 1e6:.1f}",
            "not measured" if one.latency_ratio is None else f"{one.latency_ratio:.2f}",
        )
        for one in found
    ]
    return table(("precision", "top-1", "MB", "time"), rows)


def metrics(found: Sequence[Metric]) -> str:
    """Figures of the manifest."""
    return table(
        ("figure", "value", "95 %", "images"), [(one.name, f"{one.value:.4f}", _interval(one), one.n) for one in found]
    )


def _share(share: Proportion) -> tuple[str, str]:
    low, high = share.interval
    return f"{share.value:.2%}", f"{low:.2%} to {high:.2%}"


def _interval(metric: Metric) -> str:
    return "" if metric.interval is None else f"{metric.interval[0]:.4f} to {metric.interval[1]:.4f}"
