"""The commands that give a card's figures again.

Manifest, split, what was measured --evaluate, stress, attack--> a line for the shell
"""

from collections.abc import Sequence

from roadsight_models.manifest import Manifest, Robustness
from roadsight_models.robustness.corruptions import CORRUPTIONS
from roadsight_training.judging.figures import Report
from roadsight_training.judging.stress import Stressed
from roadsight_training.run import HELD_BACK


def evaluate(manifest: Manifest, split: str, report: Report) -> str:
    """Gives the figures of a split; of what a run held back those that are not calibrated."""
    if split == HELD_BACK:
        return "roadsight report RUN --data DIR"
    support = f" --min-support {report.min_support}" if report.min_support > 1 else ""
    return f"roadsight evaluate {_folder(manifest)} --data DIR --split {split}{support}"


def stress(manifest: Manifest, split: str, found: Sequence[Stressed]) -> str:
    """Gives what it stands."""
    names, images = {one.name for one in found}, max(one.undisturbed.n for one in found)
    only = "" if names.issuperset(CORRUPTIONS) else "".join(f" --only {name}" for name in sorted(names))
    return f"roadsight stress {_folder(manifest)} --data DIR --split {split} --images {images}{only}"


def attack(manifest: Manifest, one: Robustness) -> str:
    """Gives what withstands an attack, but for the epsilon."""
    how: dict[str, object] = {
        "attack": f"{one.attack} {one.options}".rstrip(),
        "norm": one.norm,
        "n": one.n,
        "split": one.split,
        "precision": one.precision,
    }
    how |= {"seed": one.seed or None, "jpeg": one.jpeg, "target": one.target}
    options = "".join(f" --{name} {value}" for name, value in how.items() if value is not None)
    return f"roadsight attack {_folder(manifest)} --data DIR{options}"


def _folder(manifest: Manifest) -> str:
    return f"models/bundles/{manifest.name}/{manifest.version}"
