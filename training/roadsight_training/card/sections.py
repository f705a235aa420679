"""The sections of a model card, in Markdown, each from its heading to a line's end.

Manifest, Report, Stressed --what, figures, where, ...--> Markdown
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from roadsight_models.manifest import Manifest
from roadsight_training.card import again, stressed, tables
from roadsight_training.gates import Gate
from roadsight_training.judging.figures import Report
from roadsight_training.judging.stress import Stressed
from roadsight_training.recipe import parse
from roadsight_training.run import HELD_BACK

WEAKEST = 5
CORRUPTED = "corrupted_top1"  # name of a metric
PLOT = "reliability.png"


def what(manifest: Manifest) -> str:
    """Name, purpose, and what it is not for."""
    rule, network = manifest.input, parse(manifest.provenance.recipe, Path(manifest.name)).network
    options = {"until": network.until, "width": network.width}
    variant = "".join(f", {name} {value}" for name, value in options.items() if value is not None)
    return f"""# {manifest.name} {manifest.version}

Names one of {len(manifest.labels)} classes for a tight box (task `{manifest.task}`): {manifest.architecture}{variant};
input {rule.width} x {rule.height} RGB, context {rule.context:g}. The labels are in `manifest.json`.

## Intended use

To name what a box in a road camera's picture shows: in a simulator, for research, to sort recordings, or as one voice
among several in a system that does not depend on it. It judges boxes; it does not find them.

**Not for**: driving or braking by its answer alone; enforcing anything against anybody; telling who a person is; other
countries' signs or objects than those it was measured on, until it has been measured there.
"""


def figures(manifest: Manifest, split: str, report: Report) -> str:
    """The figures of the split that it is published on."""
    own = [one for one in manifest.metrics if one.split == split and one.name != CORRUPTED]
    return f"""## Figures

Split `{split}`, {report.n} distinct images, {_seen(split)}:

{tables.metrics(own)}
Again: `{again.evaluate(manifest, split, report)}`.
The intervals of top1, coverage and selective_accuracy are Wilson's and take images as independent; the others are
bootstrapped over tracks. Images of one track are alike: over tracks, top-1 has {_between(report, "top1")}.
Other cameras may differ by more. `selective_accuracy` is of the answers that are not `uncertain`, whose share is
`coverage`; `ece` is the expected calibration error over 15 bins.

![How often it is right, by how sure it is]({PLOT})
"""


def precisions(manifest: Manifest) -> str:
    """What the graphs beside float32 cost and bring; nothing where there are none."""
    if not manifest.precisions:
        return ""
    return f"""Other precisions; the figures above are those of float32, which takes a time of 1 for one picture on one
CPU thread:

{tables.precisions(manifest.precisions)}"""


def passed(gates: Sequence[Gate]) -> str:
    """What it had to reach; nothing where it was not published but exported, to try it."""
    rows = [(gate.name, gate.said) for gate in gates]
    return f"Before it was published it passed:\n\n{tables.table(('gate', 'figure'), rows)}" if gates else ""


def where(split: str, report: Report) -> str:
    """Sizes, sources and classes of a split."""
    sizes = tables.shares("shorter side in the picture as taken, px", report.per_size)
    parts = [f"Split `{split}`:\n", sizes, tables.sources(report), tables.classes(report)]
    return "## Where it is good, and where not\n\n" + "\n".join(part for part in parts if part)


def elsewhere(manifest: Manifest, split: str, report: Report) -> str:
    """Another split that is published beside."""
    own = [one for one in manifest.metrics if one.split == split]
    return f"""
## Elsewhere: `{split}`

{report.n} images, none of them trained on or used to choose anything; macro figures over the classes with at least
{report.min_support}. Again: `{again.evaluate(manifest, split, report)}`.

{tables.metrics(own)}
{tables.sources(report)}
{tables.classes(report)}
The most frequent mistakes:

{tables.confusions(report)}"""


def under_stress(manifest: Manifest, found: Mapping[str, Sequence[Stressed]]) -> str:
    """Careless boxes, few pixels, codecs, weather; nothing where it was not measured."""
    if not found:
        return ""
    split, held_out = next(iter(found.items()))
    augment = parse(manifest.provenance.recipe, Path(manifest.name)).augment
    mean = "".join(f"{one.value:.2%}" for one in manifest.metrics if (one.name, one.split) == (CORRUPTED, split))
    commands = "".join(f"\n`{again.stress(manifest, name, some)}`" for name, some in found.items())
    return f"""
## Under stress

Top-1 of some pictures when the box is drawn looser or tighter, when there are fewer pixels, and after JPEG.
Again:{commands}

{stressed.changed(found)}
Corruptions of ImageNet-C (Hendrycks and Dietterich 2019) and low light, severity 1 to 5, applied to the crop of
`{split}` at the network's size, where they are harsher than on the 224 px that they were made for. In training it saw
something like those that are marked, by other code. Mean top-1 over those of ImageNet-C (`{CORRUPTED}`): {mean}.

{stressed.corrupted(held_out, augment)}"""


def failures(manifest: Manifest, report: Report, notes: str) -> str:
    """What it gets wrong."""
    recalls = {label: one.recall for label, one in report.per_class.items() if one.recall.n}
    weakest = sorted(recalls, key=lambda label: recalls[label].value)[:WEAKEST]
    seen = f"\n{notes.strip()}\n" if notes.strip() else ""
    return f"""
## Known failures

- The classes it misses most: {", ".join(weakest)}.
- It always names one of its classes: a box that holds something else gets a name too, often below the threshold
  (`uncertain_below` {manifest.uncertain_below:.4f}), not always.
- Boxes with a side under {manifest.input.min_side} px are not judged.
{seen}
The most frequent mistakes:

{tables.confusions(report)}"""


def data(manifest: Manifest) -> str:
    """What it was trained on, and what that binds it to."""
    return f"""## Data and licence

{manifest.provenance.data}

{manifest.licence}

Started from: {manifest.provenance.weights}.

ONNX Runtime and torch differ by at most {manifest.parity.max_difference:.1g} in probability on {manifest.parity.n}
validation images.
"""


def _seen(split: str) -> str:
    if split == HELD_BACK:
        return "held back from training, but temperature, threshold and maybe the checkpoint were chosen on them"
    return "none of them trained on or used to choose anything"


def _between(report: Report, name: str) -> str:
    low, high = report.between_tracks[name]
    return f"95 %: {low:.4f} to {high:.4f}"
