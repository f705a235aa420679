"""The model card: what a person should know before trusting a bundle."""

from roadsight_models.manifest import Manifest
from roadsight_training.judging.figures import Report
from roadsight_training.judging.intervals import Proportion

WEAKEST = 5


def write_card(manifest: Manifest, report: Report, split: str) -> str:
    """Writes card.md from what is in the manifest and what was measured."""
    rule = manifest.input
    low, high = report.top1.interval
    sure_low, sure_high = report.confident.interval
    recalls = {label: one.recall for label, one in report.per_class.items() if one.recall.n}
    weakest = sorted(recalls, key=lambda label: recalls[label].value)[:WEAKEST]
    classes = _rows({label: recalls[label] for label in weakest})
    sizes = _rows({size: part.top1 for size, part in report.per_size.items()})
    return f"""# {manifest.name} {manifest.version}

Names one of {len(manifest.labels)} classes for a tight box (task `{manifest.task}`): {manifest.architecture}, input
{rule.width} x {rule.height} RGB, context {rule.context:g}. The labels are in `manifest.json`.

## Figures

Split `{split}`, {report.n} distinct images, none of them trained on or used to choose anything:

| figure | value |
|---|---|
| top-1 | {report.top1.value:.2%} (95 %: {low:.2%} to {high:.2%}) |
| macro F1 | {report.macro_f1:.4f} ({_between(report, "macro_f1")}) |
| mean recall | {report.mean_recall:.4f} ({_between(report, "mean_recall")}) |
| expected calibration error, 15 bins | {report.ece:.4f} |
| answers that are not `uncertain` | {report.covered.value:.2%} |
| right among those | {report.confident.value:.2%} (95 %: {sure_low:.2%} to {sure_high:.2%}) |

Again: `roadsight evaluate models/bundles/{manifest.name}/{manifest.version} --data DIR --split {split}`.
The intervals of proportions are Wilson's and take images as independent. Images of one track are not: bootstrapped over
tracks, top-1 has {_between(report, "top1")}; macro F1 and mean recall likewise. Other cameras may differ by more.

## Known failures

The classes with the lowest recall:

| class | recall | images |
|---|---|---|
{classes}

By the object's shorter side in the picture, in pixels:

| size | top-1 | images |
|---|---|---|
{sizes}

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


def _rows(shares: dict[str, Proportion]) -> str:
    return "\n".join(f"| {name} | {share.value:.2%} | {share.n} |" for name, share in shares.items())


def _between(report: Report, name: str) -> str:
    low, high = report.between_tracks[name]
    return f"95 %: {low:.4f} to {high:.4f}"
