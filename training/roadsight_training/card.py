"""The model card: what a person should know before trusting a bundle."""

from roadsight_models.manifest import Manifest
from roadsight_training.judging.figures import Report
from roadsight_training.judging.intervals import Proportion
from roadsight_training.run import HELD_BACK

WEAKEST = 5


def write_card(manifest: Manifest, report: Report, split: str) -> str:
    """Writes card.md from what is in the manifest and what was measured."""
    rule = manifest.input
    low, high = report.top1.interval
    sure_low, sure_high = report.confident.interval
    recalls = {label: one.recall for label, one in report.per_class.items() if one.recall.n}
    weakest = sorted(recalls, key=lambda label: recalls[label].value)[:WEAKEST]
    parts = {"Source": report.per_source, "Shorter side of the object in the picture, px": report.per_size}
    groups = "\n".join(_table(name, {part: one.top1 for part, one in found.items()}) for name, found in parts.items())
    return f"""# {manifest.name} {manifest.version}

Names one of {len(manifest.labels)} classes for a tight box (task `{manifest.task}`): {manifest.architecture}, input
{rule.width} x {rule.height} RGB, context {rule.context:g}. The labels are in `manifest.json`.

## Figures

Split `{split}`, {report.n} distinct images, {_seen(split)}:

| figure | value |
|---|---|
| top-1 | {report.top1.value:.2%} (95 %: {low:.2%} to {high:.2%}) |
| macro F1 | {report.macro_f1:.4f} ({_between(report, "macro_f1")}) |
| mean recall | {report.mean_recall:.4f} ({_between(report, "mean_recall")}) |
| expected calibration error, 15 bins | {report.ece:.4f} |
| answers that are not `uncertain` | {report.covered.value:.2%} |
| right among those | {report.confident.value:.2%} (95 %: {sure_low:.2%} to {sure_high:.2%}) |

Again: `{_again(manifest, split)}`.
The intervals of proportions are Wilson's and take images as independent. Images of one track are not: bootstrapped over
tracks, top-1 has {_between(report, "top1")}; macro F1 and mean recall likewise. Other cameras may differ by more.

{_elsewhere(manifest, split)}{_precisions(manifest)}
## Where it is good, and where not

{groups}
{_classes(report)}
## Known failures

- The classes it misses most: {", ".join(weakest)}.
- It always names one of its classes: a box that holds something else gets a name too, often below the threshold
  (`uncertain_below` {manifest.uncertain_below:.3f}), not always.
- Boxes with a side under {rule.min_side} px are not judged.

## Data and licence

{manifest.provenance.data}

{manifest.licence}

Started from: {manifest.provenance.weights}.

ONNX Runtime and torch differ by at most {manifest.parity.max_difference:.1g} in probability on {manifest.parity.n}
validation images.
"""


def _seen(split: str) -> str:
    if split == HELD_BACK:
        return "held back from training, but checkpoint, temperature and threshold were chosen on them"
    return "none of them trained on or used to choose anything"


def _again(manifest: Manifest, split: str) -> str:
    if split == HELD_BACK:
        return "roadsight report RUN --data DIR"
    return f"roadsight evaluate models/bundles/{manifest.name}/{manifest.version} --data DIR --split {split}"


def _table(name: str, shares: dict[str, Proportion]) -> str:
    rows = "\n".join(f"| {part or '-'} | {share.value:.2%} | {share.n} |" for part, share in shares.items())
    return f"| {name} | top-1 | images |\n|---|---|---|\n{rows}\n"


def _classes(report: Report) -> str:
    seen = {label: one for label, one in report.per_class.items() if one.recall.n}
    rows = "\n".join(
        f"| {label} | {one.recall.value:.2%} | {one.precision.value:.2%} | {one.recall.n} |"
        for label, one in seen.items()
    )
    return f"| Class | recall | precision | images |\n|---|---|---|---|\n{rows}\n"


def _elsewhere(manifest: Manifest, split: str) -> str:
    """The figures of the other splits that were measured."""
    found = [one for one in manifest.metrics if one.split != split]
    if not found:
        return ""
    rows = "\n".join(f"| `{one.split}` | {one.name} | {one.value:.4f} | {one.n} |" for one in found)
    return f"\nElsewhere:\n\n| split | figure | value | images |\n|---|---|---|---|\n{rows}\n"


def _precisions(manifest: Manifest) -> str:
    """What the graphs beside float32 cost and bring."""
    if not manifest.precisions:
        return ""
    rows = "\n".join(
        f"| {one.name} | {one.top1:.2%} | {one.size / 1e6:.1f} | "
        f"{'not measured' if one.latency_ratio is None else f'{one.latency_ratio:.2f}'} |"
        for one in manifest.precisions
    )
    return f"""
Other precisions; the figures above are those of float32, which takes a time of 1 for one picture on one CPU thread:

| precision | top-1 | MB | time |
|---|---|---|---|
{rows}
"""


def _between(report: Report, name: str) -> str:
    low, high = report.between_tracks[name]
    return f"95 %: {low:.4f} to {high:.4f}"
